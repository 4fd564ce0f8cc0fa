/* The pull of neighbours in a layout: a product with the graph's weights, each of which becomes
 * smaller with the distance between its ends. See _forces.py, which decides when this is used.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdint.h>

enum { INDPTR, INDICES, DATA, PLACES, OUT, N_ARRAYS }; /* in the order of the arguments */

typedef struct {
    const int32_t *indptr, *indices;
    const float *data, *places;
    float *out;
    ptrdiff_t first, last, n_entries, n_places;
} Pulls;

/* Sums in the order of the entries, none of them fused, as SciPy's product takes them. Returns
 * whether the rows lie within the entries, and their columns within the places. */
static int pull_rows(const Pulls *pulls)
{
    const float *places = pulls->places;
    for (ptrdiff_t i = pulls->first; i < pulls->last; i++) {
        const int32_t begin = pulls->indptr[i], end = pulls->indptr[i + 1];
        const float x = places[2 * i], y = places[2 * i + 1];
        float sum = 0, sum_x = 0, sum_y = 0;
        if (begin < 0 || end < begin || end > pulls->n_entries)
            return 0;
        for (int32_t e = begin; e < end; e++) {
            const ptrdiff_t j = pulls->indices[e];
            if (j < 0 || j >= pulls->n_places)
                return 0;
            const float other_x = places[2 * j], other_y = places[2 * j + 1];
            const float dx = other_x - x, dy = other_y - y;
            const float weight = pulls->data[e] / (1 + (dx * dx + dy * dy));
            sum_x += weight * other_x;
            sum_y += weight * other_y;
            sum += weight;
        }
        pulls->out[2 * i] = sum_x - sum * x;
        pulls->out[2 * i + 1] = sum_y - sum * y;
    }
    return 1;
}

static int holds(const Py_buffer *buffer, int ndim, int integers)
{
    const char kind = buffer->format && buffer->format[0] ? buffer->format[0] : 'B';
    if (buffer->ndim != ndim || buffer->itemsize != 4)
        return 0;
    return integers ? kind == 'i' || kind == 'l' : kind == 'f';
}

static const char *described(const Py_buffer *arrays, Pulls *pulls)
{
    if (!holds(&arrays[INDPTR], 1, 1) || !holds(&arrays[INDICES], 1, 1))
        return "indptr and indices must be one-dimensional int32";
    if (!holds(&arrays[DATA], 1, 0) || !holds(&arrays[PLACES], 2, 0) || !holds(&arrays[OUT], 2, 0))
        return "data, places and out must be float32";
    if (arrays[DATA].shape[0] != arrays[INDICES].shape[0] || arrays[PLACES].shape[1] != 2 ||
        arrays[OUT].shape[1] != 2 || arrays[OUT].shape[0] != arrays[PLACES].shape[0] ||
        arrays[INDPTR].shape[0] != arrays[PLACES].shape[0] + 1)
        return "indptr must have one entry more than places and out rows, of two columns each, "
               "and data be as long as indices";
    if (pulls->first < 0 || pulls->last < pulls->first || pulls->last > arrays[OUT].shape[0])
        return "first and last must lie within the rows";
    pulls->indptr = arrays[INDPTR].buf;
    pulls->indices = arrays[INDICES].buf;
    pulls->data = arrays[DATA].buf;
    pulls->places = arrays[PLACES].buf;
    pulls->out = arrays[OUT].buf;
    pulls->n_entries = arrays[INDICES].shape[0];
    pulls->n_places = arrays[PLACES].shape[0];
    return NULL;
}

PyDoc_STRVAR(pull_doc,
"pull(indptr, indices, data, places, out, first, last)\n--\n\n"
"Write sum_j w_ij (y_j - y_i) / (1 + |y_j - y_i|^2) to the rows first to last - 1 of `out`.\n\n"
"Other threads run meanwhile. All arrays are C-contiguous: indptr and indices int32, data float32,\n"
"places y and out float32 of shape (n, 2).");

static PyObject *pull(PyObject *module, PyObject *arguments)
{
    PyObject *objects[N_ARRAYS];
    Py_buffer arrays[N_ARRAYS];
    Pulls pulls;
    int held = 0;
    const char *wrong = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOnn", &objects[0], &objects[1], &objects[2], &objects[3],
                          &objects[4], &pulls.first, &pulls.last))
        return NULL;
    for (; held < N_ARRAYS; held++) {
        const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (held == OUT ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(objects[held], &arrays[held], flags) < 0)
            break;
    }
    if (held == N_ARRAYS)
        wrong = described(arrays, &pulls);
    if (held == N_ARRAYS && !wrong) {
        int within;
        Py_BEGIN_ALLOW_THREADS
        within = pull_rows(&pulls);
        Py_END_ALLOW_THREADS
        if (!within)
            wrong = "indptr must ascend within the entries, and indices lie within the places";
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
    {"pull", pull, METH_VARARGS, pull_doc},
    {NULL, NULL, 0, NULL},
};

/* As in _csr.c: Pythons from 3.13 on are told that no global lock is needed. */
#ifndef Py_mod_gil
#define Py_mod_gil 4
#define Py_MOD_GIL_NOT_USED ((void *)1)
#endif

static PyModuleDef_Slot slots[] = {{0, NULL}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.graph.layouts._pull", "The pull of neighbours in a layout.", 0,
    methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__pull(void)
{
    if (Py_Version >= 0x030D0000)
        slots[0] = (PyModuleDef_Slot){Py_mod_gil, Py_MOD_GIL_NOT_USED};
    return PyModuleDef_Init(&definition);
}
