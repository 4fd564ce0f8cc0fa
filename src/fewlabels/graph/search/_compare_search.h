/* The search of one query among candidates; what `_compare.c` offers to Python is made of it.
 *
 * A query keeps the nearest points met so far in order. Where there are codes, a point is compared
 * by these first; then in all features, and no further than until it is known to be too far.
 */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 128      /* features added up before the sum is compared with the bound */
#define CODES_SUMMED 256 /* the same for codes; their sum has to fit 32 bits */
#define CODES_ALIGNED 32 /* rows of codes are filled up to a multiple of this */
#define AHEAD 6          /* so many points ahead are asked for from memory, */
#define PREFETCHED 512   /* and so many bytes of each */
#define ROUNDING 1e-5f   /* of distances, relative to them; rather more than it is */

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
    (void)avx2;
#if defined(__GNUC__) && defined(__x86_64__)
    if (avx2 && __builtin_cpu_supports("avx2"))
        return code_distance_avx2;
#endif
    return code_distance;
}

static Distancing best_distance(int avx2)
{
    (void)avx2;
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
 * does, then its place; its last bit is carried along: whether it is new to a list. */
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
    int32_t own;     /* its place, or -1 */
    Key *keys;       /* of the nearest so far, in order; NO_KEY where there are fewer than width */
    float worst;     /* squared distance of the last of them, or infinite */
    float reach;     /* by code, more than that distance, but for the other point's error */
    int32_t *places; /* to compare with */
    int32_t *met;    /* places met, by their hash; NULL where none comes twice */
    size_t mask;     /* of that hash */
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
    size_t slot = (size_t)((uint64_t)(uint32_t)place * 11400714819323198485u >> 32) & s->mask;
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
        if (place < 0 || place > s->n_points || last > s->n_points)
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

/* Start from the query's own list, whose distances are known; go on to those who list the query, and
 * to its neighbours' neighbours. Where neither the neighbour nor the neighbour's neighbour is fresh,
 * the latter was compared in the round before. */
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
