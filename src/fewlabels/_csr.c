/* The product of the rows of a CSR matrix with an array of several columns.
 *
 * SciPy's product adds one entry times one row of the array at a time, and the number of columns
 * is known to it only when it runs. Here the sums of a row stay in registers, and the result can
 * be subtracted from on the way. See _products.py, which decides when this is used.
 */

#include "_buffers.h"

#include <stddef.h>
#include <stdint.h>

#define MOST_VECTORS 8 /* of the 16 registers that the processors of today have at least */
#define ROWS_AT_ONCE 16 /* whose neighbours stay in the cache from one tile to the next */

#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 8")
#else
#define ALWAYS_INLINE static
#define UNROLLED
#endif

typedef struct {
    const int32_t *indptr, *indices;
    const void *data, *y;
    void *out;
    ptrdiff_t n_rows, m; /* rows of the matrix, columns of y */
    int subtract;
} Rows;

/* Entries and values of either precision; one value at a time, in vectors of 16 bytes, which all
 * 64-bit processors have, and of 32 bytes for those that have AVX2. */

#define ENTRY double
#define VALUE double
#define NAME double_1
#define LANES 1
#define TARGET
#include "_csr_rows.h"
#if defined(__GNUC__)
#define NAME double_2
#define LANES 2
#define TARGET
#include "_csr_rows.h"
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define NAME double_4
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#include "_csr_rows.h"
#endif
#undef ENTRY

#define ENTRY float
#define NAME mixed_1
#define LANES 1
#define TARGET
#include "_csr_rows.h"
#if defined(__GNUC__)
#define NAME mixed_2
#define LANES 2
#define TARGET
#include "_csr_rows.h"
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define NAME mixed_4
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#include "_csr_rows.h"
#endif
#undef VALUE

#define VALUE float
#define NAME float_1
#define LANES 1
#define TARGET
#include "_csr_rows.h"
#if defined(__GNUC__)
#define NAME float_4
#define LANES 4
#define TARGET
#include "_csr_rows.h"
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define NAME float_8
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#include "_csr_rows.h"
#endif

/* Places among the arguments. `open_rows` takes all arrays in this order, so that these are their
 * places among the buffers held too. */
enum { DATA = 2, OUT = 4, N_ARRAYS = 5 };

typedef void (*Product)(const Rows *);

/* The product for entries and values of so many bytes, with the widest vectors that fit m. */
static Product product_for(int entry, int value, ptrdiff_t m, int avx2)
{
#if defined(__GNUC__)
    const ptrdiff_t lanes = 16 / value;
#if defined(__x86_64__)
    if (m >= 2 * lanes && avx2 && __builtin_cpu_supports("avx2"))
        return value == 4 ? float_8 : entry == 4 ? mixed_4 : double_4;
#endif
    if (m >= lanes)
        return value == 4 ? float_4 : entry == 4 ? mixed_2 : double_2;
#endif
    return value == 4 ? float_1 : entry == 4 ? mixed_1 : double_1;
}

/* Whether the row pointers ascend from 0 or more to no more than the number of entries. */
static int in_order(const int32_t *indptr, ptrdiff_t n_rows, ptrdiff_t n_entries)
{
    int32_t before = 0;
    for (ptrdiff_t i = 0; i <= n_rows; i++) {
        if (indptr[i] < before)
            return 0;
        before = indptr[i];
    }
    return before <= n_entries;
}

/* Take the arrays and fill in `rows`; -1 with an exception set if they are no such product. */
static int open_rows(Arrays *arrays, PyObject *const *o, Rows *rows)
{
    Py_buffer *indptr, *indices, *data, *y, *out;
    if (!(indptr = take(arrays, o[0], "indptr", 'i', 1)) ||
        !(indices = take(arrays, o[1], "indices", 'i', 1)) ||
        !(data = take(arrays, o[2], "data", 'r', 1)) || !(y = take(arrays, o[3], "y", 'r', 2)) ||
        !(out = take(arrays, o[4], "out", 'R', 2)))
        return -1;
    if (y->itemsize < data->itemsize || out->itemsize != y->itemsize)
        return misfit("y and out must be alike in type, and no narrower than data");
    if (indptr->shape[0] < 1 || data->shape[0] != indices->shape[0] ||
        out->shape[0] != indptr->shape[0] - 1 || out->shape[1] != y->shape[1])
        return misfit("data must be as long as indices, and out have the shape of A y");
    rows->indptr = indptr->buf;
    rows->indices = indices->buf;
    rows->data = data->buf;
    rows->y = y->buf;
    rows->out = out->buf;
    rows->n_rows = out->shape[0];
    rows->m = y->shape[1];
    return 0;
}

PyDoc_STRVAR(multiply_doc,
"multiply(indptr, indices, data, y, out, subtract, avx2=True)\n--\n\n"
"Write A y to `out`, or with `subtract` A y - out; other threads run meanwhile.\n\n"
"All arrays are C-contiguous: indptr and indices int32, data float32 or float64, y and out of\n"
"shape (n, m), both float64 or, where data is, float32. `avx2=False` keeps to what all processors\n"
"can do. `indices` are not looked at, for that would take a tenth of the time: they have to lie\n"
"within the rows of y.");

static PyObject *multiply(PyObject *module, PyObject *arguments)
{
    PyObject *o[N_ARRAYS];
    Arrays arrays = {.held = 0};
    Rows rows;
    int subtract, avx2 = 1;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOp|p", &o[0], &o[1], &o[2], &o[3], &o[4], &subtract,
                          &avx2))
        return NULL;
    if (open_rows(&arrays, o, &rows) == 0) {
        const Py_buffer *data = &arrays.buffers[DATA], *out = &arrays.buffers[OUT];
        const Product product = product_for((int)data->itemsize, (int)out->itemsize, rows.m, avx2);
        int whole;
        rows.subtract = subtract;
        Py_BEGIN_ALLOW_THREADS
        whole = in_order(rows.indptr, rows.n_rows, data->shape[0]);
        if (whole)
            product(&rows);
        Py_END_ALLOW_THREADS
        if (!whole)
            misfit("indptr must ascend within the entries");
    }
    release(&arrays);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"multiply", multiply, METH_VARARGS, multiply_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels._csr", "Products with the rows of a CSR matrix.", 0, methods,
    slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__csr(void)
{
    return as_module(&definition);
}
