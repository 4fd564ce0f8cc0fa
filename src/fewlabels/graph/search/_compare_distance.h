/* One variant of the squared distance, made by including this file with
 *
 *   NAME      of the function
 *   LANES     how many features a vector holds
 *   TARGET    attributes of the function, or nothing
 */

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define VECTOR JOIN(NAME, vector)

#if LANES > 1
typedef float VECTOR __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
#else
typedef float VECTOR;
#endif

#define ADD(sum, j)                                                                               \
    do {                                                                                          \
        const VECTOR difference = *(const VECTOR *)(a + (j)) - *(const VECTOR *)(b + (j));        \
        sum += difference * difference;                                                           \
    } while (0)

TARGET static inline float JOIN(NAME, total)(VECTOR sum)
{
#if LANES == 8
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
#elif LANES == 4
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
#else
    return sum;
#endif
}

TARGET static float NAME(const float *a, const float *b, ptrdiff_t d, float bound)
{
    VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    ptrdiff_t j = 0;
    while (d - j >= 4 * LANES) {
        ptrdiff_t stop = j + AT_ONCE <= d ? j + AT_ONCE : d;
        for (; j + 4 * LANES <= stop; j += 4 * LANES) {
            ADD(s0, j);
            ADD(s1, j + LANES);
            ADD(s2, j + 2 * LANES);
            ADD(s3, j + 3 * LANES);
        }
        if (j < d) {
            const float so_far = JOIN(NAME, total)((s0 + s1) + (s2 + s3));
            if (so_far > bound)
                return so_far;
        }
    }
    for (; j + LANES <= d; j += LANES)
        ADD(s0, j);
    float rest = 0;
    for (; j < d; j++)
        rest += (a[j] - b[j]) * (a[j] - b[j]);
    return JOIN(NAME, total)((s0 + s1) + (s2 + s3)) + rest;
}

/* Of a to 4 rows that follow each other. */
TARGET static void JOIN(NAME, to_4)(const float *a, const float *b, ptrdiff_t d, float *out)
{
    const float *b1 = b + d, *b2 = b1 + d, *b3 = b2 + d;
    VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    ptrdiff_t j = 0;
    for (; j + LANES <= d; j += LANES) {
        const VECTOR own = *(const VECTOR *)(a + j);
        const VECTOR d0 = own - *(const VECTOR *)(b + j), d1 = own - *(const VECTOR *)(b1 + j),
                     d2 = own - *(const VECTOR *)(b2 + j), d3 = own - *(const VECTOR *)(b3 + j);
        s0 += d0 * d0;
        s1 += d1 * d1;
        s2 += d2 * d2;
        s3 += d3 * d3;
    }
#if LANES == 8
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps((__m256)s0, (__m256)s1),
                                        _mm256_hadd_ps((__m256)s2, (__m256)s3));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
#else
    out[0] = JOIN(NAME, total)(s0);
    out[1] = JOIN(NAME, total)(s1);
    out[2] = JOIN(NAME, total)(s2);
    out[3] = JOIN(NAME, total)(s3);
#endif
    for (; j < d; j++) {
        out[0] += (a[j] - b[j]) * (a[j] - b[j]);
        out[1] += (a[j] - b1[j]) * (a[j] - b1[j]);
        out[2] += (a[j] - b2[j]) * (a[j] - b2[j]);
        out[3] += (a[j] - b3[j]) * (a[j] - b3[j]);
    }
}

#undef ADD
#undef VECTOR
#undef JOIN
#undef JOIN_
#undef TARGET
#undef LANES
#undef NAME
