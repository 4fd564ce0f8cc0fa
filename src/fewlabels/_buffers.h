/* What the compiled modules share: taking NumPy's arrays and giving them back, and being a module.
 *
 * All modules are built for the stable interface, share no state, and hold the arrays that they
 * work on, so that they need no global lock.
 */

#ifndef FEWLABELS_BUFFERS_H
#define FEWLABELS_BUFFERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum { MOST_ARRAYS = 16 }; /* that a call takes */

/* The arrays that a call holds. */
typedef struct {
    Py_buffer buffers[MOST_ARRAYS];
    int held;
} Arrays;

static void release(Arrays *arrays)
{
    while (arrays->held > 0)
        PyBuffer_Release(&arrays->buffers[--arrays->held]);
}

static int is_of(const Py_buffer *buffer, char kind)
{
    const char format = buffer->format && buffer->format[0] ? buffer->format[0] : 'B';
    switch (kind) {
    case 'b':
        return format == 'b';
    case 'u':
        return format == 'B' || format == '?';
    case 'i':
        return buffer->itemsize == 4 && (format == 'i' || format == 'l');
    case 'q':
        return buffer->itemsize == 8 && (format == 'l' || format == 'q');
    case 'f':
        return format == 'f';
    default:
        return format == 'f' || format == 'd';
    }
}

/* Take the next C-contiguous array of a kind: 'b' int8, 'u' uint8 or bool, 'i' int32, 'q' int64,
 * 'f' float32, 'r' float32 or float64; an upper-case letter for one to be written to. Returns NULL
 * with an exception set if it is none. */
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
    if (is_of(buffer, wanted) && buffer->ndim == ndim)
        return buffer;
    PyErr_Format(PyExc_ValueError, "%s must have %d dimension%s, and be %s", name, ndim,
                 ndim == 1 ? "" : "s",
                 wanted == 'b'   ? "int8"
                 : wanted == 'u' ? "uint8 or bool"
                 : wanted == 'i' ? "int32"
                 : wanted == 'q' ? "int64"
                 : wanted == 'f' ? "float32"
                                 : "float32 or float64");
    return NULL;
}

static int misfit(const char *what)
{
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

/* From 3.13 on, Python asks whether a module needs the global lock. Older ones know no such slot,
 * so that the file that is built for all of them fills it in when it is loaded. */
#ifndef Py_mod_gil
#define Py_mod_gil 4
#define Py_MOD_GIL_NOT_USED ((void *)1)
#endif

static PyModuleDef_Slot slots[] = {{0, NULL}, {0, NULL}};

static PyObject *as_module(PyModuleDef *definition)
{
    if (Py_Version >= 0x030D0000)
        slots[0] = (PyModuleDef_Slot){Py_mod_gil, Py_MOD_GIL_NOT_USED};
    return PyModuleDef_Init(definition);
}

#endif
