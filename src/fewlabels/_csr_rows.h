/* One variant of the product of CSR rows with a C-contiguous array of `m` columns, made by
 * including this file with
 *
 *   NAME      of the function
 *   ENTRY     type of the matrix's entries
 *   VALUE     type of the array and of the result
 *   LANES     how many values a vector holds
 *   TARGET    attributes of the function, or nothing
 *
 * Columns are taken in tiles of up to eight vectors, which stay in registers while a row's entries
 * are gone through. Where the width of a tile is no multiple of LANES, its last two vectors
 * overlap: what lies in both is computed twice, and comes out the same. Each column is summed in
 * the order of the entries, without fused operations, so that all variants agree to the last bit,
 * and SciPy with them where it does the same.
 */

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define VECTOR JOIN(NAME, vector)
#define TILE JOIN(NAME, tile)

#if LANES > 1
typedef VALUE VECTOR __attribute__((vector_size(LANES * sizeof(VALUE)), aligned(sizeof(VALUE)), may_alias));
#else
typedef VALUE VECTOR;
#endif

/* `count` vectors are known when this is compiled; they cover `width` columns. */
TARGET ALWAYS_INLINE void TILE(const int count, ptrdiff_t width, const Rows *rows, ptrdiff_t first,
                               ptrdiff_t last, ptrdiff_t column)
{
    const int32_t *indices = rows->indices;
    const ENTRY *data = rows->data;
    const VALUE *y = (const VALUE *)rows->y + column;
    const ptrdiff_t m = rows->m, end = width - LANES;
    for (ptrdiff_t i = first; i < last; i++) {
        VECTOR sums[MOST_VECTORS];
        UNROLLED
        for (int j = 0; j < count; j++)
            sums[j] = (VECTOR){0};
        for (int32_t e = rows->indptr[i]; e < rows->indptr[i + 1]; e++) {
            const VALUE entry = (VALUE)data[e];
            const VALUE *row = y + indices[e] * m;
            UNROLLED
            for (int j = 0; j < count; j++)
                sums[j] += entry * *(const VECTOR *)(row + (j < count - 1 ? j * LANES : end));
        }
        VALUE *out = (VALUE *)rows->out + i * m + column;
        if (rows->subtract) { /* all of the old before any of the new: vectors overlap */
            UNROLLED
            for (int j = 0; j < count; j++)
                sums[j] -= *(const VECTOR *)(out + (j < count - 1 ? j * LANES : end));
        }
        UNROLLED
        for (int j = 0; j < count; j++)
            *(VECTOR *)(out + (j < count - 1 ? j * LANES : end)) = sums[j];
    }
}

TARGET static void NAME(const Rows *rows)
{
    const ptrdiff_t most = MOST_VECTORS * LANES, n_tiles = (rows->m + most - 1) / most;
    for (ptrdiff_t first = 0; first < rows->n_rows; first += ROWS_AT_ONCE) {
        ptrdiff_t last = first + ROWS_AT_ONCE;
        if (last > rows->n_rows)
            last = rows->n_rows;
        for (ptrdiff_t t = 0; t < n_tiles; t++) {
            const ptrdiff_t column = rows->m * t / n_tiles, width = rows->m * (t + 1) / n_tiles - column;
            switch ((width + LANES - 1) / LANES) {
#define CASE(count) case count: TILE(count, width, rows, first, last, column); break;
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
            }
        }
    }
}

#undef JOIN_
#undef JOIN
#undef VECTOR
#undef TILE
#undef NAME
#undef LANES
#undef TARGET
