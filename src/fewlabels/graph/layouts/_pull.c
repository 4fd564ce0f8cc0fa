/* The pull of neighbours in a layout: a product with the graph's weights, each of which becomes
 * smaller with the distance between its ends. See _forces.py, which decides when this is used.
 */

#include "../../_buffers.h"

#include <stddef.h>
#include <stdint.h>

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

/* Take the arrays and fill in `pulls`; -1 with an exception set if they are no such product. */
static int open_pulls(Arrays *arrays, PyObject *const *o, Pulls *pulls)
{
    Py_buffer *indptr, *indices, *data, *places, *out;
    if (!(indptr = take(arrays, o[0], "indptr", 'i', 1)) ||
        !(indices = take(arrays, o[1], "indices", 'i', 1)) ||
        !(data = take(arrays, o[2], "data", 'f', 1)) ||
        !(places = take(arrays, o[3], "places", 'f', 2)) ||
        !(out = take(arrays, o[4], "out", 'F', 2)))
        return -1;
    if (data->shape[0] != indices->shape[0] || places->shape[1] != 2 || out->shape[1] != 2 ||
        out->shape[0] != places->shape[0] || indptr->shape[0] != places->shape[0] + 1)
        return misfit("indptr must have one entry more than places and out rows, of two columns "
                      "each, and data be as long as indices");
    if (pulls->first < 0 || pulls->last < pulls->first || pulls->last > out->shape[0])
        return misfit("first and last must lie within the rows");
    pulls->indptr = indptr->buf;
    pulls->indices = indices->buf;
    pulls->data = data->buf;
    pulls->places = places->buf;
    pulls->out = out->buf;
    pulls->n_entries = indices->shape[0];
    pulls->n_places = places->shape[0];
    return 0;
}

PyDoc_STRVAR(pull_doc,
"pull(indptr, indices, data, places, out, first, last)\n--\n\n"
"Write sum_j w_ij (y_j - y_i) / (1 + |y_j - y_i|^2) to the rows first to last - 1 of `out`.\n\n"
"Other threads run meanwhile. All arrays are C-contiguous: indptr and indices int32, data float32,\n"
"places y and out float32 of shape (n, 2).");

static PyObject *pull(PyObject *module, PyObject *arguments)
{
    PyObject *o[5];
    Arrays arrays = {.held = 0};
    Pulls pulls;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOnn", &o[0], &o[1], &o[2], &o[3], &o[4], &pulls.first,
                          &pulls.last))
        return NULL;
    if (open_pulls(&arrays, o, &pulls) == 0) {
        int within;
        Py_BEGIN_ALLOW_THREADS
        within = pull_rows(&pulls);
        Py_END_ALLOW_THREADS
        if (!within)
            misfit("indptr must ascend within the entries, and indices lie within the places");
    }
    release(&arrays);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"pull", pull, METH_VARARGS, pull_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.graph.layouts._pull", "The pull of neighbours in a layout.", 0,
    methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__pull(void)
{
    return as_module(&definition);
}
