/*
 * vector.h
 *		Functions compiled twice: for any processor, and for one with AVX2.
 *
 * Put SF_VECTOR_CLONES before the definition of a function that is a hot loop; the
 * right one is picked when the library is loaded.  Neither version contracts or
 * reorders, so both give the same bits.  Sanitizers and other compilers get one version.
 */
#ifndef SF_VECTOR_H
#define SF_VECTOR_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define SF_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SF_VECTOR_CLONES
#endif

#endif							/* SF_VECTOR_H */
