/* The product of the rows of a CSR matrix with an array of several columns.
 *
 * SciPy's product adds one entry times one row of the array at a time, and the number of columns
 * is known to it only when it runs. Here the sums of a row stay in registers, and the result can
 * be subtracted from on the way. See _products.py, which decides when this is used.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

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

enum { DATA = 2, OUT = 4, N_ARRAYS = 5 }; /* in the order of the arguments */

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

/* Whether a buffer holds float32 or float64 (or int32, where asked for) in so many dimensions. */
static int holds(const Py_buffer *buffer, int ndim, int integers)
{
    const char kind = buffer->format && buffer->format[0] ? buffer->format[0] : 'B';
    if (buffer->ndim != ndim)
        return 0;
    if (integers)
        return buffer->itemsize == 4 && (kind == 'i' || kind == 'l');
    return kind == 'f' || kind == 'd';
}

/* Return what is wrong with the arrays, or NULL, with `rows` filled in. */
static const char *described(const Py_buffer *arrays, Rows *rows)
{
    const Py_buffer *indptr = arrays, *indices = arrays + 1, *data = arrays + 2, *y = arrays + 3,
                    *out = arrays + 4;
    if (!holds(indptr, 1, 1) || !holds(indices, 1, 1))
        return "indptr and indices must be one-dimensional int32";
    if (!holds(data, 1, 0) || !holds(y, 2, 0) || !holds(out, 2, 0) ||
        y->itemsize < data->itemsize || out->itemsize != y->itemsize)
        return "data, y and out must be float32 or float64, y and out alike and no narrower than data";
    if (indptr->shape[0] < 1 || data->shape[0] != indices->shape[0] ||
        out->shape[0] != indptr->shape[0] - 1 || out->shape[1] != y->shape[1])
        return "data must be as long as indices, and out have the shape of A y";
    rows->indptr = indptr->buf;
    rows->indices = indices->buf;
    rows->data = data->buf;
    rows->y = y->buf;
    rows->out = out->buf;
    rows->n_rows = out->shape[0];
    rows->m = y->shape[1];
    return NULL;
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
    PyObject *objects[N_ARRAYS];
    Py_buffer arrays[N_ARRAYS];
    Rows rows;
    int subtract, avx2 = 1, held = 0;
    const char *wrong = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOp|p", &objects[0], &objects[1], &objects[2],
                          &objects[3], &objects[4], &subtract, &avx2))
        return NULL;
    for (; held < N_ARRAYS; held++) {
        const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (held == OUT ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(objects[held], &arrays[held], flags) < 0)
            break;
    }
    if (held == N_ARRAYS)
        wrong = described(arrays, &rows);
    if (held == N_ARRAYS && !wrong) {
        const Product product =
            product_for((int)arrays[DATA].itemsize, (int)arrays[OUT].itemsize, rows.m, avx2);
        int whole;
        rows.subtract = subtract;
        Py_BEGIN_ALLOW_THREADS
        whole = in_order(rows.indptr, rows.n_rows, arrays[DATA].shape[0]);
        if (whole)
            product(&rows);
        Py_END_ALLOW_THREADS
        if (!whole)
            wrong = "indptr must ascend within the entries";
    }
    const int failed = held < N_ARRAYS || wrong;
    while (held > 0)
        PyBuffer_Release(&arrays[--held]);
    if (wrong)
        PyErr_SetString(PyExc_ValueError, wrong);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"multiply", multiply, METH_VARARGS, multiply_doc},
    {NULL, NULL, 0, NULL},
};

/* From 3.13 on, Python asks whether a module needs the global lock. These functions do not: they
 * share no state, and hold the arrays that they work on. Older ones know no such slot, so that the
 * file that is built for all of them fills it in when it is loaded. */
#ifndef Py_mod_gil
#define Py_mod_gil 4
#define Py_MOD_GIL_NOT_USED ((void *)1)
#endif

static PyModuleDef_Slot slots[] = {{0, NULL}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels._csr", "Products with the rows of a CSR matrix.", 0, methods,
    slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__csr(void)
{
    if (Py_Version >= 0x030D0000)
        slots[0] = (PyModuleDef_Slot){Py_mod_gil, Py_MOD_GIL_NOT_USED};
    return PyModuleDef_Init(&definition);
}
