/* How far pictures are from one another where each pixel may be matched a little aside: what Python
 * calls.
 *
 * See _distortions.py, which does the same in NumPy where this could not be compiled. No index is
 * followed that was not compared with the number of pictures before.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 2,      /* gradients to the right and downwards */
    LARGEST_SIDE = 64, /* of a picture: sums of a row fit 32 bits, and scratch space the cache */
    LARGEST_WARP = 8,
    N_ARRAYS = 5,
};

/* How pictures with margins lie in memory. Pixel (row, column) is at row * stride + column. */
typedef struct {
    ptrdiff_t height, width, warp;
    ptrdiff_t stride; /* from a row to the next; what is beyond the width is margin */
    ptrdiff_t length; /* of all rows, each with its margin */
    ptrdiff_t reach;  /* the furthest that a displacement goes */
    ptrdiff_t margin; /* before the first row, and after the last */
    ptrdiff_t size;   /* of a channel with all of its margins */
    const uint16_t *outside; /* 0 in the picture, all bits set in the margins */
} Frame;

/* Scratch space; each pointer is to the place of the first pixel. */
typedef struct {
    uint16_t *squares, *across, *of_a, *of_b;
} Room;

typedef uint64_t (*Pair)(const Frame *frame, const int16_t *a, const int16_t *b, Room *room);

#define NAME pair_plain
#define TARGET
#include "_distortion_pair.h"

#if defined(__GNUC__) && defined(__x86_64__)
#define NAME pair_avx2
#define TARGET __attribute__((target("avx2")))
#include "_distortion_pair.h"
#endif

static Pair best_pair(int avx2)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (avx2 && __builtin_cpu_supports("avx2"))
        return pair_avx2;
#endif
    (void)avx2;
    return pair_plain;
}

typedef struct {
    Frame frame;
    Room room;
    int16_t *a, *b;   /* pictures with margins, at their first pixel */
    uint16_t *memory; /* all of the above is in here */
} Workplace;

static int open_workplace(Workplace *place, ptrdiff_t height, ptrdiff_t width, ptrdiff_t warp)
{
    Frame *frame = &place->frame;
    frame->height = height;
    frame->width = width;
    frame->warp = warp;
    frame->stride = width + (warp > 1 ? warp : 1);
    frame->length = height * frame->stride;
    frame->reach = warp * frame->stride + warp;
    frame->margin = frame->reach + frame->stride + 1;
    frame->size = frame->length + 2 * frame->margin;
    const size_t size = (size_t)frame->size;
    enum { PLANES = 2 * CHANNELS + 5 };
    place->memory = calloc(PLANES * size, sizeof *place->memory);
    if (!place->memory)
        return -1;
    uint16_t *next = place->memory + frame->margin;
    place->a = (int16_t *)next;
    place->b = (int16_t *)(next + CHANNELS * size);
    next += 2 * CHANNELS * size;
    place->room = (Room){next, next + size, next + 2 * size, next + 3 * size};
    uint16_t *outside = next + 4 * size;
    memset(outside - frame->margin, 0xff, size * sizeof *outside);
    for (ptrdiff_t row = 0; row < height; row++)
        memset(outside + row * frame->stride, 0, (size_t)width * sizeof *outside);
    frame->outside = outside;
    return 0;
}

/* Put a picture, channel by channel and row by row, between its margins. */
static void spread_out(const Frame *frame, const int8_t *picture, int16_t *to)
{
    for (int channel = 0; channel < CHANNELS; channel++, to += frame->size)
        for (ptrdiff_t row = 0; row < frame->height; row++, picture += frame->width)
            for (ptrdiff_t i = 0; i < frame->width; i++)
                to[row * frame->stride + i] = picture[i];
}

/* Take an array of a kind: 'b' int8, 'q' int64; 'Q' is int64 to be written to. */
static int take(Py_buffer *buffer, PyObject *object, const char *name, char kind, int ndim)
{
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (kind == 'Q' ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, buffer, flags) < 0)
        return -1;
    const char format = buffer->format && buffer->format[0] ? buffer->format[0] : 'B';
    const int fits = kind == 'b' ? format == 'b'
                                 : buffer->itemsize == 8 && (format == 'l' || format == 'q');
    if (fits && buffer->ndim == ndim)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s must have %d dimensions, and be %s", name, ndim,
                 kind == 'b' ? "int8" : "int64");
    PyBuffer_Release(buffer);
    return -1;
}

static int misfit(void)
{
    PyErr_SetString(PyExc_ValueError, "the shapes of the arrays do not fit each other");
    return -1;
}

/* Compare the pictures; -1 if an index is none of a picture. */
static int compare(Workplace *place, const Py_buffer *arrays, Pair pair)
{
    const ptrdiff_t n_own = arrays[0].shape[0], n_others = arrays[2].shape[0];
    const ptrdiff_t n_rows = arrays[3].shape[0], width = arrays[3].shape[1];
    const ptrdiff_t pixels = CHANNELS * place->frame.height * place->frame.width;
    const int64_t *rows = arrays[1].buf, *candidates = arrays[3].buf;
    int64_t *sums = arrays[4].buf;
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        if (rows[i] < 0 || rows[i] >= n_own)
            return -1;
        spread_out(&place->frame, (const int8_t *)arrays[0].buf + rows[i] * pixels, place->a);
        for (ptrdiff_t j = i * width; j < (i + 1) * width; j++) {
            if (candidates[j] < 0 || candidates[j] >= n_others)
                return -1;
            spread_out(&place->frame, (const int8_t *)arrays[2].buf + candidates[j] * pixels,
                       place->b);
            sums[j] = (int64_t)pair(&place->frame, place->a, place->b, &place->room);
        }
    }
    return 0;
}

PyDoc_STRVAR(distortions_doc,
"distortions(own, rows, others, candidates, warp, sums, avx2=True)\n--\n\n"
"Write to `sums` (int64) the squared differences of picture rows[i] of `own` and picture\n"
"candidates[i, j] of `others`, both ways. Pictures are int8 of shape (n, 2, height, width), indices\n"
"int64. Numbers of pictures must be small enough that 9 times the squared length of the difference\n"
"of two gradients is below 2^16.");

static PyObject *distortions(PyObject *module, PyObject *arguments)
{
    static const struct {
        const char *name;
        char kind;
        int ndim;
    } wanted[N_ARRAYS] = {
        {"own", 'b', 4}, {"rows", 'q', 1}, {"others", 'b', 4}, {"candidates", 'q', 2}, {"sums", 'Q', 2},
    };
    PyObject *o[N_ARRAYS];
    Py_buffer arrays[N_ARRAYS];
    Workplace place = {.memory = NULL};
    Py_ssize_t warp;
    int avx2 = 1, held = 0, status = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOnO|p", &o[0], &o[1], &o[2], &o[3], &warp, &o[4], &avx2))
        return NULL;
    while (held < N_ARRAYS &&
           take(&arrays[held], o[held], wanted[held].name, wanted[held].kind, wanted[held].ndim) == 0)
        held++;
    if (held == N_ARRAYS) {
        const Py_ssize_t *own = arrays[0].shape, *others = arrays[2].shape;
        const Py_ssize_t *pairs = arrays[3].shape, *sums = arrays[4].shape;
        const Py_ssize_t height = own[2], width = own[3];
        if (own[1] != CHANNELS || others[1] != CHANNELS || others[2] != height ||
            others[3] != width || height < 1 || width < 1 || height > LARGEST_SIDE ||
            width > LARGEST_SIDE || warp < 0 || warp > LARGEST_WARP ||
            arrays[1].shape[0] != pairs[0] || sums[0] != pairs[0] || sums[1] != pairs[1]) {
            misfit();
        } else if (open_workplace(&place, height, width, warp) < 0) {
            PyErr_NoMemory();
        } else {
            const Pair pair = best_pair(avx2);
            Py_BEGIN_ALLOW_THREADS
            status = compare(&place, arrays, pair);
            Py_END_ALLOW_THREADS
        }
    }
    free(place.memory);
    while (held > 0)
        PyBuffer_Release(&arrays[--held]);
    if (PyErr_Occurred())
        return NULL;
    if (status) {
        PyErr_SetString(PyExc_IndexError, "an index is beyond the pictures");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"distortions", distortions, METH_VARARGS, distortions_doc},
    {NULL, NULL, 0, NULL},
};

/* From 3.13 on, Python asks whether a module needs the global lock. This function does not: it
 * shares no state, and holds the arrays that it works on. Older ones know no such slot, so that the
 * file that is built for all of them fills it in when it is loaded. */
#ifndef Py_mod_gil
#define Py_mod_gil 4
#define Py_MOD_GIL_NOT_USED ((void *)1)
#endif

static PyModuleDef_Slot slots[] = {{0, NULL}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.features._distortion", "Pictures that are matched.", 0,
    methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__distortion(void)
{
    if (Py_Version >= 0x030D0000)
        slots[0] = (PyModuleDef_Slot){Py_mod_gil, Py_MOD_GIL_NOT_USED};
    return PyModuleDef_Init(&definition);
}
