/* Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011) for many keys and ops in one call. */
#include "common.h"

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

EXPORT void draw_uniforms(const u32 *keys, const u32 *copies, ptrdiff_t count, const u32 *ops,
                          ptrdiff_t op_count, double *uniforms, int64_t *seeds) {
    for (ptrdiff_t op = 0; op < op_count; op++) {
        double *out = uniforms + op * 16 * count;
        for (ptrdiff_t i = 0; i < count; i++) {
            for (u32 block = 0; block < 4; block++) {
                u32 x[4] = {block, ops[op], copies[i], 0};
                philox4x32(x, keys[2 * i], keys[2 * i + 1]);
                for (int k = 0; k < 4; k++)
                    out[(4 * block + k) * count + i] = (x[k] + 0.5) * 0x1p-32;
            }
            u32 x[4] = {4, ops[op], copies[i], 0};
            philox4x32(x, keys[2 * i], keys[2 * i + 1]);
            seeds[op * count + i] = (int64_t)((u64)x[0] << 21 | x[1] >> 11);
        }
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
