/* Adler-32 (RFC 1950) and CRC-32 (W3C PNG, annex D). */
#include "png.h"

#define LANES 64
#define GROUP 16   /* vectors whose sums of sums fit into 16 bits */

u32 png_adler(u32 sum, const u8 *data, ptrdiff_t size) {
    u64 low = sum & 0xffff, high = sum >> 16;
    while (size >= LANES * GROUP) {
        u16 plain[LANES] = {0}, before[LANES] = {0};
        for (int k = 0; k < GROUP; k++)
            for (int i = 0; i < LANES; i++) {
                before[i] = (u16)(before[i] + plain[i]);
                plain[i] = (u16)(plain[i] + data[k * LANES + i]);
            }
        u32 all = 0, weighed = 0, earlier = 0;
        for (int i = 0; i < LANES; i++) {
            all += plain[i];
            earlier += before[i];
            weighed += (u32)plain[i] * (u32)(LANES - i);
        }
        high = (high + low * (LANES * GROUP) + (u64)earlier * LANES + weighed) % 65521;
        low = (low + all) % 65521;
        data += LANES * GROUP;
        size -= LANES * GROUP;
    }
    for (; size; size--) {
        low += *data++;
        high += low;
    }
    return (u32)(high % 65521) << 16 | (u32)(low % 65521);
}

#if defined(__AVX2__) && defined(__x86_64__)
/* Every processor with AVX2 multiplies without carry too. Four streams of 16 bytes are folded over
 * 64 bytes, then into one, and that is reduced: Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction", Intel 2009; the constants are powers of x modulo the
 * reflected polynomial. */
#include <immintrin.h>
#define CARRYLESS __attribute__((target("pclmul")))

CARRYLESS static inline __m128i fold(__m128i x, __m128i by, __m128i next) {
    const __m128i low = _mm_clmulepi64_si128(x, by, 0x00);
    const __m128i high = _mm_clmulepi64_si128(x, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

CARRYLESS static u32 crc_folded(u32 crc, const u8 *data, ptrdiff_t size) {
    const __m128i *p = (const __m128i *)data;
    const __m128i over64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i over16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i a = _mm_xor_si128(_mm_loadu_si128(p), _mm_cvtsi32_si128((int)crc));
    __m128i b = _mm_loadu_si128(p + 1), c = _mm_loadu_si128(p + 2), d = _mm_loadu_si128(p + 3);
    for (p += 4, size -= 64; size >= 64; p += 4, size -= 64) {
        a = fold(a, over64, _mm_loadu_si128(p));
        b = fold(b, over64, _mm_loadu_si128(p + 1));
        c = fold(c, over64, _mm_loadu_si128(p + 2));
        d = fold(d, over64, _mm_loadu_si128(p + 3));
    }
    a = fold(fold(fold(a, over16, b), over16, c), over16, d);
    /* 128 bits to 64, to 32 */
    const __m128i mask = _mm_set_epi32(0, 0, 0, -1);
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, over16, 0x10));
    const __m128i last = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i word = _mm_clmulepi64_si128(_mm_and_si128(a, mask), last, 0x00);
    a = _mm_xor_si128(_mm_srli_si128(a, 4), word);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    __m128i t = _mm_clmulepi64_si128(_mm_and_si128(a, mask), barrett, 0x10);
    t = _mm_clmulepi64_si128(_mm_and_si128(t, mask), barrett, 0x00);
    return (u32)_mm_extract_epi32(_mm_xor_si128(a, t), 1);
}
#endif

static u32 crc_bytewise(u32 crc, const u8 *data, ptrdiff_t size) {
    static const u32 nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    for (; size; size--) {
        crc ^= *data++;
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return crc;
}

#if !(defined(__AVX2__) && defined(__x86_64__))
/* Eight bytes a step by eight tables, made here because 8 KiB are made faster than read. */
static u32 crc_sliced(u32 crc, const u8 *data, ptrdiff_t size) {
    u32 table[8][256];
    for (u32 i = 0; i < 256; i++) {
        const u8 byte = (u8)i;
        table[0][i] = crc_bytewise(0, &byte, 1);
    }
    for (int k = 1; k < 8; k++)
        for (int i = 0; i < 256; i++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
    for (; size >= 8; data += 8, size -= 8) {
        const u64 v = load64(data) ^ crc;
        crc = 0;
        for (int k = 0; k < 8; k++) crc ^= table[7 - k][v >> (8 * k) & 255];
    }
    return crc_bytewise(crc, data, size);
}
#endif

u32 png_crc(u32 sum, const u8 *data, ptrdiff_t size) {
    u32 crc = ~sum;
#if defined(__AVX2__) && defined(__x86_64__)
    if (size >= 64) {
        const ptrdiff_t whole = size & ~(ptrdiff_t)63;
        crc = crc_folded(crc, data, whole);
        data += whole;
        size -= whole;
    }
    return ~crc_bytewise(crc, data, size);
#else
    return ~(size < 4096 ? crc_bytewise(crc, data, size) : crc_sliced(crc, data, size));
#endif
}
