/* One variant of the comparison of two pictures, made by including this file with
 *
 *   NAME      of the function
 *   TARGET    attributes of the function, or nothing
 *
 * Pictures lie in memory row by row with margins of 0 between, so that a displacement is one shift
 * of a flat array, whatever the width, and loops are long. What lies in a margin is kept from being
 * anybody's match by `outside`. Compilers turn the loops into vectors of 16 bits; each is a function,
 * for that is where they believe that arrays do not overlap.
 */

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

/* Squared lengths of the differences of gradients; `size` is from one channel to the other. */
TARGET static void JOIN(NAME, differ)(ptrdiff_t n, ptrdiff_t size, const int16_t *restrict a,
                                      const int16_t *restrict b, uint16_t *restrict squares)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const int16_t x = (int16_t)(a[i] - b[i]), y = (int16_t)(a[size + i] - b[size + i]);
        squares[i] = (uint16_t)(x * x + y * y);
    }
}

/* Sums over three neighbours, which are `apart`. */
TARGET static void JOIN(NAME, sum)(ptrdiff_t n, ptrdiff_t apart, const uint16_t *restrict values,
                                   uint16_t *restrict sums)
{
    for (ptrdiff_t i = 0; i < n; i++)
        sums[i] = (uint16_t)(values[i - apart] + values[i] + values[i + apart]);
}

/* The best matches so far of the pixels of both, where these are no margins. */
TARGET static void JOIN(NAME, match)(ptrdiff_t n, const uint16_t *restrict sums,
                                     const uint16_t *restrict outside_a,
                                     const uint16_t *restrict outside_b, uint16_t *restrict of_a,
                                     uint16_t *restrict of_b)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const uint16_t match = sums[i] | outside_a[i] | outside_b[i];
        of_a[i] = match < of_a[i] ? match : of_a[i];
        of_b[i] = match < of_b[i] ? match : of_b[i];
    }
}

/* The sum over the pixels of both of the best match of each within the other. */
TARGET static uint64_t NAME(const Frame *frame, const int16_t *a, const int16_t *b, Room *room)
{
    const ptrdiff_t stride = frame->stride, length = frame->length;
    /* Sums over a pixel's context reach one row and one pixel beyond. */
    const ptrdiff_t beyond = stride + 1;
    memset(room->of_a, 0xff, (size_t)length * sizeof *room->of_a);
    memset(room->of_b - frame->reach, 0xff,
           (size_t)(length + 2 * frame->reach) * sizeof *room->of_b);
    for (ptrdiff_t down = -frame->warp; down <= frame->warp; down++) {
        for (ptrdiff_t right = -frame->warp; right <= frame->warp; right++) {
            const ptrdiff_t shift = down * stride + right;
            JOIN(NAME, differ)(length + 2 * beyond, frame->size, a - beyond, b + shift - beyond,
                               room->squares - beyond);
            JOIN(NAME, sum)(length + 2 * stride, 1, room->squares - stride, room->across - stride);
            JOIN(NAME, sum)(length, stride, room->across, room->squares);
            JOIN(NAME, match)(length, room->squares, frame->outside, frame->outside + shift,
                              room->of_a, room->of_b + shift);
        }
    }
    uint64_t total = 0;
    for (ptrdiff_t row = 0; row < frame->height; row++) {
        uint32_t sum = 0; /* of fewer than 2^15 pixels */
        for (ptrdiff_t i = row * stride; i < row * stride + frame->width; i++)
            sum += (uint32_t)room->of_a[i] + room->of_b[i];
        total += sum;
    }
    return total;
}

#undef JOIN
#undef JOIN_
#undef NAME
#undef TARGET
