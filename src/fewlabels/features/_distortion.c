/* How far pictures are from one another where each pixel may be matched a little aside: what Python
 * calls.
 *
 * See _distortions.py, which does the same in NumPy where this could not be compiled. No index is
 * followed that was not compared with the number of pictures before.
 */

#include "../_buffers.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 2,      /* gradients to the right and downwards */
    LARGEST_SIDE = 64, /* of a picture: sums of a row fit 32 bits, and scratch space the cache */
    LARGEST_WARP = 8,
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
    PyObject *o[5];
    Arrays arrays = {.held = 0};
    Py_buffer *own, *rows, *others, *candidates, *sums;
    Workplace place = {.memory = NULL};
    Py_ssize_t warp;
    int avx2 = 1, status = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOOnO|p", &o[0], &o[1], &o[2], &o[3], &warp, &o[4], &avx2))
        return NULL;
    if ((own = take(&arrays, o[0], "own", 'b', 4)) && (rows = take(&arrays, o[1], "rows", 'q', 1)) &&
        (others = take(&arrays, o[2], "others", 'b', 4)) &&
        (candidates = take(&arrays, o[3], "candidates", 'q', 2)) &&
        (sums = take(&arrays, o[4], "sums", 'Q', 2))) {
        const Py_ssize_t height = own->shape[2], width = own->shape[3];
        const Py_ssize_t n_rows = candidates->shape[0];
        if (own->shape[1] != CHANNELS || others->shape[1] != CHANNELS ||
            others->shape[2] != height || others->shape[3] != width || height < 1 || width < 1 ||
            height > LARGEST_SIDE || width > LARGEST_SIDE || warp < 0 || warp > LARGEST_WARP ||
            rows->shape[0] != n_rows || sums->shape[0] != n_rows ||
            sums->shape[1] != candidates->shape[1]) {
            misfit("the shapes of the arrays do not fit each other");
        } else if (open_workplace(&place, height, width, warp) < 0) {
            PyErr_NoMemory();
        } else {
            const Pair pair = best_pair(avx2);
            Py_BEGIN_ALLOW_THREADS
            status = compare(&place, arrays.buffers, pair);
            Py_END_ALLOW_THREADS
        }
    }
    free(place.memory);
    release(&arrays);
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

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "fewlabels.features._distortion", "Pictures that are matched.", 0,
    methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__distortion(void)
{
    return as_module(&definition);
}
