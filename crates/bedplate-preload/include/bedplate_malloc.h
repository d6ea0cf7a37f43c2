/* The functions of bedplate's allocator library, libbedplate_preload.so.
 *
 * They are the C library's own names: a program that is preloaded with the library, or linked with it
 * before the C library, needs no header but <stdlib.h> and <malloc.h>. This one declares every C function
 * that the library defines, and nothing else; C++'s new and delete are defined besides.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef BEDPLATE_MALLOC_H
#define BEDPLATE_MALLOC_H

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
#define BEDPLATE_NOTHROW noexcept(true)
extern "C" {
#else
#define BEDPLATE_NOTHROW
#endif

/* Blocks: aligned to 16 bytes; NULL with ENOMEM where memory is out or the size exceeds PTRDIFF_MAX. */
void *malloc(size_t bytes) BEDPLATE_NOTHROW;
void *calloc(size_t count, size_t bytes) BEDPLATE_NOTHROW;
void *realloc(void *block, size_t bytes) BEDPLATE_NOTHROW;
void *reallocarray(void *block, size_t count, size_t bytes) BEDPLATE_NOTHROW;

/* Freeing keeps errno. A block freed twice in a row ends the process with a message. */
void free(void *block) BEDPLATE_NOTHROW;
void cfree(void *block) BEDPLATE_NOTHROW;
void free_sized(void *block, size_t bytes) BEDPLATE_NOTHROW;
void free_aligned_sized(void *block, size_t align, size_t bytes) BEDPLATE_NOTHROW;

/* Alignment: rounded up to a power of two, as glibc does; posix_memalign refuses others with EINVAL. */
void *memalign(size_t align, size_t bytes) BEDPLATE_NOTHROW;
void *aligned_alloc(size_t align, size_t bytes) BEDPLATE_NOTHROW;
int posix_memalign(void **place, size_t align, size_t bytes) BEDPLATE_NOTHROW;
void *valloc(size_t bytes) BEDPLATE_NOTHROW;
void *pvalloc(size_t bytes) BEDPLATE_NOTHROW;

/* Figures and settings. mallopt accepts glibc's parameters without effect. */
size_t malloc_usable_size(void *block) BEDPLATE_NOTHROW;
int malloc_trim(size_t keep) BEDPLATE_NOTHROW;
struct mallinfo2 mallinfo2(void) BEDPLATE_NOTHROW;
struct mallinfo mallinfo(void) BEDPLATE_NOTHROW;
int mallopt(int parameter, int value) BEDPLATE_NOTHROW;
int malloc_info(int options, FILE *stream) BEDPLATE_NOTHROW;

#ifdef __cplusplus
}
#endif

#endif
