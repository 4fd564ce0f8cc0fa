/* The nearest of some points to each query, by squared Euclidean distances: what Python calls.
 *
 * See _nearest.py, which does the same in NumPy and FAISS where this could not be compiled. No index
 * is followed that was not compared with the number of rows before.
 */

#include "../../_buffers.h"
#include "_compare_search.h"

/* What all queries of a call share. */
typedef struct {
    Arrays arrays;
    Search search;
    ptrdiff_t n_queries, first; /* first: the place of the first query, or negative */
    const float *queries, *query_errors;
    const uint8_t *query_codes;
    int32_t *places;
    float *squared;
    uint8_t *now_fresh; /* may be NULL */
} Job;

static const char NO_FIT[] = "the shapes of the arrays do not fit each other";

static int take_codes(Job *job, PyObject *object)
{
    PyObject *o[4];
    Search *s = &job->search;
    Py_buffer *query_codes, *query_errors, *codes, *errors;
    if (object == Py_None)
        return 0;
    if (!PyTuple_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "codes must be a tuple or None");
        return -1;
    }
    if (!PyArg_ParseTuple(object, "OOOOf", &o[0], &o[1], &o[2], &o[3], &s->codes.unit))
        return -1;
    if (!(query_codes = take(&job->arrays, o[0], "query_codes", 'u', 2)) ||
        !(query_errors = take(&job->arrays, o[1], "query_errors", 'f', 1)) ||
        !(codes = take(&job->arrays, o[2], "codes", 'u', 2)) ||
        !(errors = take(&job->arrays, o[3], "errors", 'f', 1)))
        return -1;
    const ptrdiff_t stride = codes->shape[1];
    if (query_codes->shape[0] != job->n_queries || query_errors->shape[0] != job->n_queries ||
        query_codes->shape[1] != stride || codes->shape[0] != s->n_points ||
        errors->shape[0] != s->n_points || stride % CODES_ALIGNED || stride < s->d)
        return misfit(NO_FIT);
    s->query_codes = malloc((size_t)stride * sizeof *s->query_codes + 1);
    if (!s->query_codes) {
        PyErr_NoMemory();
        return -1;
    }
    job->query_codes = query_codes->buf;
    job->query_errors = query_errors->buf;
    s->codes.codes = codes->buf;
    s->codes.errors = errors->buf;
    s->codes.stride = stride;
    return 0;
}

/* Take the arrays that all calls have: queries, points, codes, places, squared. */
static int open_job(Job *job, PyObject *const *o, Py_ssize_t first, int avx2)
{
    Search *s = &job->search;
    Py_buffer *queries, *points, *places, *squared;
    memset(job, 0, sizeof *job);
    if (!(queries = take(&job->arrays, o[0], "queries", 'f', 2)) ||
        !(points = take(&job->arrays, o[1], "points", 'f', 2)) ||
        !(places = take(&job->arrays, o[3], "places", 'I', 2)) ||
        !(squared = take(&job->arrays, o[4], "squared", 'F', 2)))
        return -1;
    if (queries->shape[1] != points->shape[1] || places->shape[0] != queries->shape[0] ||
        places->shape[1] < 1 || squared->shape[0] != places->shape[0] ||
        squared->shape[1] != places->shape[1] || points->shape[0] > INT32_MAX ||
        first > INT32_MAX - queries->shape[0])
        return misfit(NO_FIT);
    job->n_queries = queries->shape[0];
    job->first = first;
    job->queries = queries->buf;
    job->places = places->buf;
    job->squared = squared->buf;
    s->points = points->buf;
    s->n_points = points->shape[0];
    s->d = points->shape[1];
    s->width = places->shape[1];
    s->distance = best_distance(avx2);
    s->code_distance = best_code_distance(avx2);
    s->keys = malloc((size_t)s->width * sizeof *s->keys);
    if (!s->keys) {
        PyErr_NoMemory();
        return -1;
    }
    return take_codes(job, o[2]);
}

/* Make room for so many places, and to tell which come again if there are such. */
static int make_room(Search *s, ptrdiff_t n_places, int distinct)
{
    size_t size = 64;
    while (size < 2 * (size_t)n_places)
        size *= 2;
    s->mask = size - 1;
    s->places = malloc((size_t)n_places * sizeof *s->places + 1);
    s->met = distinct ? NULL : malloc(size * sizeof *s->met);
    if (s->places && (distinct || s->met))
        return 0;
    PyErr_NoMemory();
    return -1;
}

static void begin(Job *job, ptrdiff_t i)
{
    Search *s = &job->search;
    s->query = job->queries + i * s->d;
    s->own = job->first < 0 ? -1 : (int32_t)(job->first + i);
    if (s->codes.codes) {
        const uint8_t *codes = job->query_codes + i * s->codes.stride;
        for (ptrdiff_t j = 0; j < s->codes.stride; j++)
            s->query_codes[j] = codes[j];
        s->query_error = job->query_errors[i];
    }
    clear(s);
}

static void finish(Job *job, ptrdiff_t i)
{
    const Search *s = &job->search;
    for (ptrdiff_t j = 0; j < s->width; j++) {
        const Key key = s->keys[j];
        const ptrdiff_t to = i * s->width + j;
        job->places[to] = key == NO_KEY ? -1 : place_of(key);
        job->squared[to] = key == NO_KEY ? INFINITY : squared_of(key);
        if (job->now_fresh)
            job->now_fresh[to] = key == NO_KEY ? 0 : (uint8_t)(key & 1);
    }
}

static PyObject *closed(Job *job, int status)
{
    free(job->search.keys);
    free(job->search.met);
    free(job->search.places);
    free(job->search.query_codes);
    release(&job->arrays);
    if (PyErr_Occurred())
        return NULL;
    if (status) {
        PyErr_SetString(PyExc_IndexError, "an index is beyond what it points into");
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(nearest_among_doc,
"nearest_among(queries, points, codes, places, squared, first, candidates, distinct, avx2=True)\n"
"--\n\n"
"Write the nearest of each row of candidates (int32; negative is none), nearest first.\n\n"
"The first query is point `first`, the next one the next, and none is its own neighbour; with\n"
"-1 queries are no points. `distinct` says that no candidate comes twice. `codes` is None, or\n"
"codes and errors of the queries and of the points, and their unit. -1 and infinity are written\n"
"where there are fewer.");

static PyObject *nearest_among(PyObject *module, PyObject *arguments)
{
    PyObject *o[6];
    Py_ssize_t first;
    int distinct, avx2 = 1, status = 0;
    Job job;
    Py_buffer *candidates;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOnOp|p", &o[0], &o[1], &o[2], &o[3], &o[4], &first,
                          &o[5], &distinct, &avx2))
        return NULL;
    if (open_job(&job, o, first, avx2) < 0 ||
        !(candidates = take(&job.arrays, o[5], "candidates", 'i', 2)) ||
        (candidates->shape[0] != job.n_queries && misfit(NO_FIT) < 0) ||
        make_room(&job.search, candidates->shape[1], distinct) < 0)
        return closed(&job, -1);
    const ptrdiff_t n_candidates = candidates->shape[1];
    Py_BEGIN_ALLOW_THREADS
    for (ptrdiff_t i = 0; i < job.n_queries && status == 0; i++) {
        begin(&job, i);
        status = among(&job.search, (const int32_t *)candidates->buf + i * n_candidates,
                       n_candidates);
        finish(&job, i);
    }
    Py_END_ALLOW_THREADS
    return closed(&job, status);
}

PyDoc_STRVAR(nearest_in_cells_doc,
"nearest_in_cells(queries, points, places, squared, first, cells, starts, avx2=True)\n--\n\n"
"The same with the points in some cells as candidates, of which none comes twice: cell c (int32;\n"
"negative is none) holds places starts[c] to before starts[c + 1] (int64).");

static PyObject *nearest_in_cells(PyObject *module, PyObject *arguments)
{
    PyObject *o[7] = {0};
    Py_ssize_t first;
    int avx2 = 1, status = 0;
    Job job;
    Py_buffer *cells, *starts;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOnOO|p", &o[0], &o[1], &o[3], &o[4], &first, &o[5], &o[6],
                          &avx2))
        return NULL;
    o[2] = Py_None;
    if (open_job(&job, o, first, avx2) < 0 ||
        !(cells = take(&job.arrays, o[5], "cells", 'i', 2)) ||
        !(starts = take(&job.arrays, o[6], "starts", 'q', 1)) ||
        (cells->shape[0] != job.n_queries && misfit(NO_FIT) < 0))
        return closed(&job, -1);
    const ptrdiff_t n_cells = cells->shape[1];
    Py_BEGIN_ALLOW_THREADS
    for (ptrdiff_t i = 0; i < job.n_queries && status == 0; i++) {
        begin(&job, i);
        status = in_cells(&job.search, (const int32_t *)cells->buf + i * n_cells, n_cells,
                          starts->buf, starts->shape[0] - 1);
        finish(&job, i);
    }
    Py_END_ALLOW_THREADS
    return closed(&job, status);
}

PyDoc_STRVAR(nearest_through_doc,
"nearest_through(queries, points, codes, places, squared, first, lists, list_squared, fresh, back,\n"
"                looked_at, now_fresh, avx2=True)\n--\n\n"
"The nearest of a query's own list, of those that list it, and of its neighbours' neighbours.\n\n"
"`lists` (int32), their distances and `fresh` (bool) have a row for each point, as has `back`; of\n"
"each list the first `looked_at` are looked at. `now_fresh` is told what was not in the list.");

static PyObject *nearest_through(PyObject *module, PyObject *arguments)
{
    PyObject *o[10];
    Py_ssize_t first, looked_at;
    int avx2 = 1, status = 0;
    Job job;
    Py_buffer *lists, *list_squared, *fresh, *back, *now_fresh;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOnOOOOnO|p", &o[0], &o[1], &o[2], &o[3], &o[4], &first,
                          &o[5], &o[6], &o[7], &o[8], &looked_at, &o[9], &avx2))
        return NULL;
    if (open_job(&job, o, first, avx2) < 0 || !(lists = take(&job.arrays, o[5], "lists", 'i', 2)) ||
        !(list_squared = take(&job.arrays, o[6], "list_squared", 'f', 2)) ||
        !(fresh = take(&job.arrays, o[7], "fresh", 'u', 2)) ||
        !(back = take(&job.arrays, o[8], "back", 'i', 2)) ||
        !(now_fresh = take(&job.arrays, o[9], "now_fresh", 'U', 2)))
        return closed(&job, -1);
    Search *s = &job.search;
    const ptrdiff_t n = s->n_points, width = s->width;
    if (looked_at > width)
        looked_at = width;
    const Links links = {lists->buf, list_squared->buf,   fresh->buf,
                         back->buf,  back->shape[1], looked_at};
    if (((lists->shape[0] != n || lists->shape[1] != width || list_squared->shape[0] != n ||
          list_squared->shape[1] != width || fresh->shape[0] != n || fresh->shape[1] != width ||
          back->shape[0] != n || now_fresh->shape[0] != job.n_queries ||
          now_fresh->shape[1] != width || looked_at < 0 || first < 0 ||
          first > n - job.n_queries) &&
         misfit(NO_FIT) < 0) ||
        make_room(s, 1 + width + links.n_back + looked_at * looked_at, 0) < 0)
        return closed(&job, -1);
    job.now_fresh = now_fresh->buf;
    Py_BEGIN_ALLOW_THREADS
    for (ptrdiff_t i = 0; i < job.n_queries && status == 0; i++) {
        begin(&job, i);
        status = through(s, &links);
        finish(&job, i);
    }
    Py_END_ALLOW_THREADS
    return closed(&job, status);
}

PyDoc_STRVAR(encode_doc,
"encode(points, offsets, unit, codes, errors)\n--\n\n"
"Round points to whole numbers from 0 to 255, of a unit, above offsets; write how far they are\n"
"from these, in that unit. Rows of codes are filled up with 0.");

static PyObject *encode(PyObject *module, PyObject *arguments)
{
    PyObject *o[4];
    float unit;
    Arrays arrays = {.held = 0};
    Py_buffer *points, *offsets, *codes = NULL, *errors;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOfOO", &o[0], &o[1], &unit, &o[2], &o[3]))
        return NULL;
    if ((points = take(&arrays, o[0], "points", 'f', 2)) &&
        (offsets = take(&arrays, o[1], "offsets", 'f', 1)) &&
        (codes = take(&arrays, o[2], "codes", 'U', 2)) &&
        (errors = take(&arrays, o[3], "errors", 'F', 1))) {
        const ptrdiff_t n = points->shape[0], d = points->shape[1], stride = codes->shape[1];
        if (offsets->shape[0] != d || codes->shape[0] != n || errors->shape[0] != n || stride < d) {
            misfit(NO_FIT);
        } else {
            const float *offset = offsets->buf, inverse = 1 / unit;
            Py_BEGIN_ALLOW_THREADS
            for (ptrdiff_t i = 0; i < n; i++) {
                const float *point = (const float *)points->buf + i * d;
                uint8_t *code = (uint8_t *)codes->buf + i * stride;
                double sum = 0;
                for (ptrdiff_t j = 0; j < d; j++) {
                    const float value = (point[j] - offset[j]) * inverse;
                    const float above = value > 0 ? value : 0, within = above < 255 ? above : 255;
                    code[j] = (uint8_t)(int32_t)(within + 0.5f);
                    const float off = value - (float)code[j];
                    sum += (double)off * off;
                }
                memset(code + d, 0, (size_t)(stride - d));
                ((float *)errors->buf)[i] = (float)sqrt(sum) * 1.001f + 1e-3f * sqrtf((float)d);
            }
            Py_END_ALLOW_THREADS
        }
    }
    release(&arrays);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(reverse_doc,
"reverse(lists, back)\n--\n\n"
"Write to each row of `back` the first rows of `lists` (int32; negative is none) that list it, in\n"
"their order, and fill it up with -1.");

static PyObject *reverse(PyObject *module, PyObject *arguments)
{
    PyObject *o[2];
    Arrays arrays = {.held = 0};
    Py_buffer *lists, *back;
    int32_t *counts = NULL;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO", &o[0], &o[1]))
        return NULL;
    if ((lists = take(&arrays, o[0], "lists", 'i', 2)) &&
        (back = take(&arrays, o[1], "back", 'I', 2))) {
        const ptrdiff_t n = back->shape[0], width = back->shape[1], listed = lists->shape[1];
        if (lists->shape[0] > INT32_MAX) {
            misfit(NO_FIT);
        } else if (!(counts = calloc((size_t)n + 1, sizeof *counts))) {
            PyErr_NoMemory();
        } else {
            const int32_t *to = lists->buf;
            int32_t *from = back->buf;
            int beyond = 0;
            Py_BEGIN_ALLOW_THREADS
            for (ptrdiff_t e = 0; e < n * width; e++)
                from[e] = -1;
            for (ptrdiff_t i = 0; i < lists->shape[0]; i++) {
                for (ptrdiff_t j = 0; j < listed; j++, to++) {
                    if (*to >= n)
                        beyond = 1;
                    else if (*to >= 0 && counts[*to] < width)
                        from[*to * width + counts[*to]++] = (int32_t)i;
                }
            }
            Py_END_ALLOW_THREADS
            if (beyond)
                PyErr_SetString(PyExc_IndexError, "an index is beyond what it points into");
        }
    }
    free(counts);
    release(&arrays);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, encode_doc},
    {"nearest_among", nearest_among, METH_VARARGS, nearest_among_doc},
    {"nearest_in_cells", nearest_in_cells, METH_VARARGS, nearest_in_cells_doc},
    {"reverse", reverse, METH_VARARGS, reverse_doc},
    {"nearest_through", nearest_through, METH_VARARGS, nearest_through_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.graph.search._compare", "The nearest of some points.", 0, methods,
    slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__compare(void)
{
    return as_module(&definition);
}
