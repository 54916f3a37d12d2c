/* Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011) for many keys and ops in one call. */
#include "common.h"

#define LOW 0xffffffffu

static void philox4x32(u32 x[4], u32 k0, u32 k1) {
    for (int round = 0; round < 10; round++) {
        const u64 a = (u64)x[0] * 0xD2511F53u, b = (u64)x[2] * 0xCD9E8D57u;
        const u32 y1 = x[1], y3 = x[3];
        x[0] = (u32)(b >> 32) ^ y1 ^ k0;
        x[1] = (u32)b;
        x[2] = (u32)(a >> 32) ^ y3 ^ k1;
        x[3] = (u32)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Block `block` of an op's numbers for all keys at once: four words each, (4, count). In lanes of 64
 * bits, as the multiplication wants them; what is above 32 is ignored. */
INLINE void words_of(const u32 *restrict keys, const u32 *restrict copies, ptrdiff_t count, u32 op,
                     u32 block, u32 *restrict words) {
    for (ptrdiff_t i = 0; i < count; i++) {
        u64 x0 = block, x1 = op, x2 = copies[i], x3 = 0;
        u32 k0 = keys[2 * i], k1 = keys[2 * i + 1];
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) {
            const u64 a = (x0 & LOW) * 0xD2511F53u, b = (x2 & LOW) * 0xCD9E8D57u;
            x0 = (b >> 32) ^ x1 ^ k0;
            x1 = b;
            x2 = (a >> 32) ^ x3 ^ k1;
            x3 = a;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        words[i] = (u32)x0;
        words[count + i] = (u32)x1;
        words[2 * count + i] = (u32)x2;
        words[3 * count + i] = (u32)x3;
    }
}

enum { SOME = 64 };

EXPORT void draw_uniforms(const u32 *keys, const u32 *copies, ptrdiff_t count, const u32 *ops,
                          ptrdiff_t op_count, double *uniforms, int64_t *seeds) {
    u32 words[4 * SOME];
    for (ptrdiff_t op = 0; op < op_count; op++)
        for (ptrdiff_t i = 0; i < count; i += SOME) {
            const ptrdiff_t some = count - i < SOME ? count - i : SOME;
            double *out = uniforms + op * 16 * count + i;
            for (u32 block = 0; block < 4; block++, out += 4 * count) {
                words_of(keys + 2 * i, copies + i, some, ops[op], block, words);
                for (int k = 0; k < 4; k++)
                    for (ptrdiff_t j = 0; j < some; j++)
                        out[k * count + j] = (words[k * some + j] + 0.5) * 0x1p-32;
            }
            words_of(keys + 2 * i, copies + i, some, ops[op], 4, words);
            for (ptrdiff_t j = 0; j < some; j++)
                seeds[op * count + i + j] = (int64_t)((u64)words[j] << 21 | words[some + j] >> 11);
        }
}

EXPORT void row_uniforms(const int64_t *seeds, ptrdiff_t count, ptrdiff_t width, double *uniforms) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const u64 seed = (u64)seeds[i];
        double *out = uniforms + i * width;
        for (ptrdiff_t j = 0; j < width; j += 4) {
            u32 x[4] = {(u32)(j / 4), 0, 0, 1};
            philox4x32(x, (u32)seed, (u32)(seed >> 32));
            for (int k = 0; k < 4 && j + k < width; k++) out[j + k] = (x[k] + 0.5) * 0x1p-32;
        }
    }
}
