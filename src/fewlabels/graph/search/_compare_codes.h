/* One variant of the squared distance of codes, made by including this file with
 *
 *   NAME      of the function
 *   TARGET    attributes of the function, or nothing
 *
 * The loop is one that compilers turn into vectors by themselves. Sums of 256 are whole numbers.
 */

TARGET static float NAME(const int16_t *a, const uint8_t *b, ptrdiff_t n, float bound)
{
    float total = 0;
    for (ptrdiff_t first = 0; first < n; first += CODES_SUMMED) {
        const ptrdiff_t rest = n - first;
        const ptrdiff_t length =
            (rest < CODES_SUMMED ? rest : CODES_SUMMED) / CODES_ALIGNED * CODES_ALIGNED;
        int32_t sum = 0;
        for (ptrdiff_t j = first; j < first + length; j++) {
            const int16_t difference = (int16_t)(a[j] - b[j]);
            sum += difference * difference;
        }
        total += (float)sum;
        if (total > bound)
            break;
    }
    return total;
}

#undef NAME
#undef TARGET
