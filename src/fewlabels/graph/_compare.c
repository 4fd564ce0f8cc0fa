/* The nearest of some points to each query, by squared Euclidean distances.
 *
 * A query keeps the nearest points met so far in order. Another is compared in steps, which end as
 * soon as it is known to be too far: first in a projection where there is one, which is never
 * longer than the whole, and then in all features, some at a time. See _nearest.py, which does
 * the same in NumPy and FAISS where this could not be compiled.
 *
 * No index is followed that was not compared with the number of rows before.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 128       /* features added up before the sum is compared with the bound */
#define AHEAD 6           /* points ahead that are asked for from memory, */
#define PREFETCHED 512    /* and bytes of each */
#define CODES_SUMMED 256  /* codes added up before the same */
#define CODES_ALIGNED 32  /* rows of codes are filled up to a multiple of this */
#define ROUNDING 1e-5f    /* of distances and sums, relative to them; rather more than it is */

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- Squared distances, in vectors of 16 bytes, or of 32 where there is AVX2 ---- */

/* Returns the squared distance, or the sum of a part of it as soon as that is above the bound. */
typedef float (*Distance)(const float *a, const float *b, ptrdiff_t d, float bound);
/* Writes the squared distances to 4 rows that follow each other. */
typedef void (*Distances)(const float *a, const float *b, ptrdiff_t d, float *out);

typedef struct {
    Distance to_one;
    Distances to_4;
} Distancing;

#if defined(__GNUC__)
#define NAME distance_4
#define LANES 4
#define TARGET
#include "_compare_distance.h"
#if defined(__x86_64__)
#define NAME distance_8
#define LANES 8
#define TARGET __attribute__((target("avx2,fma")))
#include "_compare_distance.h"
#endif
#else
#define NAME distance_1
#define LANES 1
#define TARGET
#include "_compare_distance.h"
#endif

/* Returns the sum of squared differences of codes, or a part of it as soon as it is above. */
typedef float (*CodeDistance)(const int16_t *a, const uint8_t *b, ptrdiff_t n, float bound);

#define NAME code_distance
#define TARGET
#include "_compare_codes.h"
#if defined(__GNUC__) && defined(__x86_64__)
#define NAME code_distance_avx2
#define TARGET __attribute__((target("avx2")))
#include "_compare_codes.h"
#endif

static CodeDistance best_code_distance(int avx2)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (avx2 && __builtin_cpu_supports("avx2"))
        return code_distance_avx2;
#endif
    (void)avx2;
    return code_distance;
}

static Distancing best_distance(int avx2)
{
#if defined(__GNUC__)
#if defined(__x86_64__)
    if (avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (Distancing){distance_8, distance_8_to_4};
#endif
    return (Distancing){distance_4, distance_4_to_4};
#else
    return (Distancing){distance_1, distance_1_to_4};
#endif
}

/* ---- The nearest points met so far ---- */

/* A point that was found, as one number: first the bits of its squared distance, which ascend as it
 * does, then its place, then whether it is new to a list. */
typedef int64_t Key;

#define NO_KEY INT64_MAX

static inline Key key_of(float squared, int32_t place, int fresh)
{
    uint32_t bits;
    memcpy(&bits, &squared, sizeof bits);
    return (Key)((uint64_t)bits << 32 | (uint32_t)place << 1 | (uint32_t)fresh);
}

static inline float squared_of(Key key)
{
    const uint32_t bits = (uint32_t)((uint64_t)key >> 32);
    float squared;
    memcpy(&squared, &bits, sizeof squared);
    return squared;
}

static inline int32_t place_of(Key key)
{
    return (int32_t)((uint32_t)(uint64_t)key >> 1);
}

/* Put a key in its place among sorted ones, the last of which makes room. */
static inline void insert(Key *keys, ptrdiff_t n, Key key)
{
    ptrdiff_t i = n - 1;
    for (; i > 0 && keys[i - 1] > key; i--)
        keys[i] = keys[i - 1];
    keys[i] = key;
}

/* Points rounded to whole numbers from 0 to 255, in a unit of their own. */
typedef struct {
    const uint8_t *codes; /* of shape (n, stride), or NULL */
    const float *errors;  /* how far each point is from its codes, in that unit */
    ptrdiff_t stride;
    float unit;
} Codes;

typedef struct {
    const float *points;
    ptrdiff_t n_points, d;
    ptrdiff_t width;
    Distancing distance;
    Codes codes;
    CodeDistance code_distance;
    /* of the query that is at work: */
    const float *query;
    int16_t *query_codes; /* NULL where there are none */
    float query_error;
    int32_t own;  /* its place, or -1 */
    Key *keys;    /* of the nearest so far, in order; NO_KEY where there are fewer than width */
    float worst;  /* squared distance of the last of them, or infinite */
    float reach;  /* by code, more than that distance, but for the other point's error */
    int32_t *places; /* to compare with */
    int32_t *met; /* places met, by their hash; NULL where none comes twice */
    size_t mask;
} Search;

static void bound_changed(Search *s)
{
    const Key last = s->keys[s->width - 1];
    s->worst = last == NO_KEY ? INFINITY : squared_of(last);
    if (s->codes.codes)
        s->reach = sqrtf(s->worst) / s->codes.unit * (1 + ROUNDING) + s->query_error;
}

static void clear(Search *s)
{
    for (ptrdiff_t i = 0; i < s->width; i++)
        s->keys[i] = NO_KEY;
    if (s->met)
        memset(s->met, -1, (s->mask + 1) * sizeof *s->met);
    bound_changed(s);
}

/* Whether the place is met for the first time. */
static inline int first_met(Search *s, int32_t place)
{
    size_t slot = ((uint32_t)place * 2654435769u >> 12) & s->mask;
    while (s->met[slot] != place) {
        if (s->met[slot] < 0) {
            s->met[slot] = place;
            return 1;
        }
        slot = (slot + 1) & s->mask;
    }
    return 0;
}

/* Keep a point if it is among the nearest so far; it is in range, and none that was met before. */
static inline void keep(Search *s, float squared, int32_t place)
{
    if (!(squared <= s->worst) || place == s->own)
        return;
    const Key key = key_of(squared, place, 1);
    if (key < s->keys[s->width - 1]) {
        insert(s->keys, s->width, key);
        bound_changed(s);
    }
}

/* Ask for what `compare` reads first of a point. */
static inline void prefetch(const Search *s, int32_t place)
{
#if defined(__GNUC__)
    const char *start, *end;
    if (s->codes.codes) {
        start = (const char *)(s->codes.codes + place * s->codes.stride);
        end = start + s->codes.stride;
        __builtin_prefetch(s->codes.errors + place);
    } else {
        start = (const char *)(s->points + place * s->d);
        end = start + s->d * (ptrdiff_t)sizeof(float);
    }
    if (end > start + PREFETCHED)
        end = start + PREFETCHED;
    for (; start < end; start += 64)
        __builtin_prefetch(start);
#else
    (void)s;
    (void)place;
#endif
}

/* Compare the query with a point; the place is in range, and none that was met before. */
static inline void compare(Search *s, int32_t place)
{
    if (s->codes.codes) {
        const float reach = s->reach + s->codes.errors[place], bound = reach * reach;
        const uint8_t *codes = s->codes.codes + place * s->codes.stride;
        if (s->code_distance(s->query_codes, codes, s->codes.stride, bound) > bound)
            return;
    }
    keep(s, s->distance.to_one(s->query, s->points + place * s->d, s->d, s->worst), place);
}

/* The same with 4 places that follow each other. */
static inline void compare_4(Search *s, int32_t place)
{
    float squared[4];
    s->distance.to_4(s->query, s->points + place * s->d, s->d, squared);
    const float one = squared[0] < squared[1] ? squared[0] : squared[1],
                other = squared[2] < squared[3] ? squared[2] : squared[3];
    if ((one < other ? one : other) > s->worst)
        return;
    for (int32_t i = 0; i < 4; i++)
        keep(s, squared[i], place + i);
}

static void compare_all(Search *s, ptrdiff_t n_places)
{
    for (ptrdiff_t i = 0; i < n_places; i++) {
        if (i + AHEAD < n_places)
            prefetch(s, s->places[i + AHEAD]);
        compare(s, s->places[i]);
    }
}

/* ---- Where the candidates come from; each returns 0, or -1 where an index is out of range ---- */

static int among(Search *s, const int32_t *candidates, ptrdiff_t n_candidates)
{
    ptrdiff_t n_places = 0;
    for (ptrdiff_t c = 0; c < n_candidates; c++) {
        const int32_t place = candidates[c];
        if (place < 0)
            continue;
        if (place >= s->n_points)
            return -1;
        if (!s->met || first_met(s, place))
            s->places[n_places++] = place;
    }
    compare_all(s, n_places);
    return 0;
}

static int in_cells(Search *s, const int32_t *cells, ptrdiff_t n_cells, const int64_t *starts,
                    ptrdiff_t n_known)
{
    for (ptrdiff_t c = 0; c < n_cells; c++) {
        if (cells[c] < 0)
            continue;
        if (cells[c] >= n_known)
            return -1;
        int64_t place = starts[cells[c]];
        const int64_t last = starts[cells[c] + 1];
        if (place < 0 || last > s->n_points)
            return -1;
        for (; place + 4 <= last && s->d <= 2 * AT_ONCE; place += 4)
            compare_4(s, (int32_t)place);
        for (; place < last; place++)
            compare(s, (int32_t)place);
    }
    return 0;
}

typedef struct {
    const int32_t *lists;  /* of shape (n, width) */
    const float *squared;  /* the same shape: their distances */
    const uint8_t *fresh;  /* the same shape: whether not looked through before */
    const int32_t *back;   /* of shape (n, n_back) */
    ptrdiff_t n_back;
    ptrdiff_t looked_at;   /* of each list, no more than its width */
} Links;

/* Start from the query's own list, whose distances are known, and go on to those listed in the
 * lists of its points. What was looked at in the round before is left out: a point that is in
 * neither a fresh list entry of the query nor a fresh one of its neighbour was compared then. */
static int through(Search *s, const Links *links)
{
    const ptrdiff_t width = s->width;
    const int32_t *own = links->lists + s->own * width, *back = links->back + s->own * links->n_back;
    const uint8_t *own_fresh = links->fresh + s->own * width;
    const float *squared = links->squared + s->own * width;
    first_met(s, s->own);
    for (ptrdiff_t i = 0; i < width; i++) {
        if (own[i] < 0)
            continue;
        if (own[i] >= s->n_points)
            return -1;
        if (first_met(s, own[i]))
            insert(s->keys, width,
                   key_of(squared[i], own[i], i >= links->looked_at && own_fresh[i]));
    }
    bound_changed(s);
    ptrdiff_t n_places = 0;
    for (ptrdiff_t i = 0; i < links->n_back; i++) {
        if (back[i] < 0)
            continue;
        if (back[i] >= s->n_points)
            return -1;
        if (first_met(s, back[i]))
            s->places[n_places++] = back[i];
    }
    for (ptrdiff_t i = 0; i < links->looked_at; i++) {
        if (own[i] < 0)
            continue;
        const int32_t *list = links->lists + own[i] * width;
        const uint8_t *fresh = links->fresh + own[i] * width;
        for (ptrdiff_t j = 0; j < links->looked_at; j++) {
            if (list[j] < 0 || !(own_fresh[i] | fresh[j]))
                continue;
            if (list[j] >= s->n_points)
                return -1;
            if (first_met(s, list[j]))
                s->places[n_places++] = list[j];
        }
    }
    compare_all(s, n_places);
    return 0;
}

/* ---- Called from Python ---- */

enum { MOST_ARRAYS = 16 }; /* that a call takes */

typedef struct {
    Py_buffer buffers[MOST_ARRAYS];
    int held;
} Arrays;

/* Take the next array of a kind: 'f' float32, 'i' int32, 'q' int64, 'b' uint8; an upper-case
 * letter for one to be written to. Returns NULL with an exception set if it is none. */
static Py_buffer *take(Arrays *arrays, PyObject *object, const char *name, char kind, int ndim)
{
    Py_buffer *buffer = &arrays->buffers[arrays->held];
    const int writable = kind < 'a';
    const char wanted = (char)(writable ? kind - 'A' + 'a' : kind);
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (arrays->held == MOST_ARRAYS) {
        PyErr_SetString(PyExc_SystemError, "more arrays than there is room for");
        return NULL;
    }
    if (PyObject_GetBuffer(object, buffer, flags) < 0)
        return NULL;
    arrays->held++;
    const char format = buffer->format && buffer->format[0] ? buffer->format[0] : 'B';
    const Py_ssize_t size = buffer->itemsize;
    const int fits = wanted == 'f'   ? format == 'f'
                     : wanted == 'b' ? format == 'B' || format == '?'
                     : wanted == 'i' ? size == 4 && (format == 'i' || format == 'l')
                                     : size == 8 && (format == 'l' || format == 'q');
    if (fits && buffer->ndim == ndim)
        return buffer;
    PyErr_Format(PyExc_ValueError, "%s must have %d dimensions and another dtype", name, ndim);
    return NULL;
}

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

static int misfit(void)
{
    PyErr_SetString(PyExc_ValueError, "the shapes of the arrays do not fit each other");
    return -1;
}

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
    if (!(query_codes = take(&job->arrays, o[0], "query_codes", 'b', 2)) ||
        !(query_errors = take(&job->arrays, o[1], "query_errors", 'f', 1)) ||
        !(codes = take(&job->arrays, o[2], "codes", 'b', 2)) ||
        !(errors = take(&job->arrays, o[3], "errors", 'f', 1)))
        return -1;
    const ptrdiff_t stride = codes->shape[1];
    if (query_codes->shape[0] != job->n_queries || query_errors->shape[0] != job->n_queries ||
        query_codes->shape[1] != stride || codes->shape[0] != s->n_points ||
        errors->shape[0] != s->n_points || stride % CODES_ALIGNED || stride < s->d)
        return misfit();
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
        squared->shape[1] != places->shape[1] || points->shape[0] > INT32_MAX)
        return misfit();
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
    while (job->arrays.held > 0)
        PyBuffer_Release(&job->arrays.buffers[--job->arrays.held]);
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
        (candidates->shape[0] != job.n_queries && misfit() < 0) ||
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
        (cells->shape[0] != job.n_queries && misfit() < 0))
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
    Py_buffer *lists, *squared, *fresh, *back, *now_fresh;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOOnOOOOnO|p", &o[0], &o[1], &o[2], &o[3], &o[4], &first,
                          &o[5], &o[6], &o[7], &o[8], &looked_at, &o[9], &avx2))
        return NULL;
    if (open_job(&job, o, first, avx2) < 0 || !(lists = take(&job.arrays, o[5], "lists", 'i', 2)) ||
        !(squared = take(&job.arrays, o[6], "list_squared", 'f', 2)) ||
        !(fresh = take(&job.arrays, o[7], "fresh", 'b', 2)) ||
        !(back = take(&job.arrays, o[8], "back", 'i', 2)) ||
        !(now_fresh = take(&job.arrays, o[9], "now_fresh", 'B', 2)))
        return closed(&job, -1);
    Search *s = &job.search;
    const ptrdiff_t n = s->n_points, width = s->width;
    if (looked_at > width)
        looked_at = width;
    const Links links = {lists->buf, squared->buf,   fresh->buf,
                         back->buf,  back->shape[1], looked_at};
    if (((lists->shape[0] != n || lists->shape[1] != width || squared->shape[0] != n ||
          squared->shape[1] != width || fresh->shape[0] != n || fresh->shape[1] != width ||
          back->shape[0] != n || now_fresh->shape[0] != job.n_queries ||
          now_fresh->shape[1] != width || looked_at < 0 || first < 0 ||
          first > n - job.n_queries) &&
         misfit() < 0) ||
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
        (codes = take(&arrays, o[2], "codes", 'B', 2)) &&
        (errors = take(&arrays, o[3], "errors", 'F', 1))) {
        const ptrdiff_t n = points->shape[0], d = points->shape[1], stride = codes->shape[1];
        if (offsets->shape[0] != d || codes->shape[0] != n || errors->shape[0] != n || stride < d) {
            misfit();
        } else {
            const float *offset = offsets->buf, inverse = 1 / unit;
            Py_BEGIN_ALLOW_THREADS
            for (ptrdiff_t i = 0; i < n; i++) {
                const float *point = (const float *)points->buf + i * d;
                uint8_t *code = (uint8_t *)codes->buf + i * stride;
                float sum = 0;
                for (ptrdiff_t j = 0; j < d; j++) {
                    const float value = (point[j] - offset[j]) * inverse;
                    const float above = value > 0 ? value : 0, within = above < 255 ? above : 255;
                    code[j] = (uint8_t)(int32_t)(within + 0.5f);
                    sum += (value - (float)code[j]) * (value - (float)code[j]);
                }
                memset(code + d, 0, (size_t)(stride - d));
                ((float *)errors->buf)[i] = sqrtf(sum) * 1.001f + 1e-3f * sqrtf((float)d);
            }
            Py_END_ALLOW_THREADS
        }
    }
    while (arrays.held > 0)
        PyBuffer_Release(&arrays.buffers[--arrays.held]);
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, encode_doc},
    {"nearest_among", nearest_among, METH_VARARGS, nearest_among_doc},
    {"nearest_in_cells", nearest_in_cells, METH_VARARGS, nearest_in_cells_doc},
    {"nearest_through", nearest_through, METH_VARARGS, nearest_through_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.graph._compare", "The nearest of some points.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__compare(void)
{
    return PyModuleDef_Init(&definition);
}
