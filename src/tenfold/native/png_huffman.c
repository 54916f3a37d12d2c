/* Huffman codes of limited length. */
#include "png.h"

/* Sort ascending by the upper 23 bits, stably; `spare` is as long. Returns where the result is. */
static u32 *sorted(u32 *keys, u32 *spare, int n, u32 most) {
    for (int shift = 9; shift < 32 && most >> (shift - 9); shift += 8) {
        u32 starts[257] = {0};
        for (int i = 0; i < n; i++) starts[(keys[i] >> shift & 255) + 1]++;
        for (int i = 0; i < 256; i++) starts[i + 1] += starts[i];
        for (int i = 0; i < n; i++) spare[starts[keys[i] >> shift & 255]++] = keys[i];
        u32 *other = keys;
        keys = spare;
        spare = other;
    }
    return keys;
}

/* How many symbols get a code of each length: Huffman's algorithm with two queues, on ascending
 * weights (the upper 23 bits). */
static void count_lengths(const u32 *weights, int n, int longest, u32 *of_length) {
    u32 joined[288];
    u16 parent[2 * 288];   /* leaves first, then joined nodes in the order in which they appear */
    u8 depth[288];
    int leaf = 0, node = 0;
    for (int made = 0; made < n - 1; made++) {
        u32 sum = 0;
        for (int two = 0; two < 2; two++) {
            if (leaf < n && (node >= made || weights[leaf] >> 9 <= joined[node])) {
                sum += weights[leaf] >> 9;
                parent[leaf++] = (u16)made;
            } else {
                sum += joined[node];
                parent[n + node++] = (u16)made;
            }
        }
        joined[made] = sum;
    }
    depth[n - 2] = 0;
    for (int i = n - 3; i >= 0; i--) depth[i] = (u8)(depth[parent[n + i]] + 1);
    for (int i = 0; i <= longest; i++) of_length[i] = 0;
    int over = 0;
    for (int i = 0; i < n; i++) {
        int length = depth[parent[i]] + 1;
        if (length > longest) {
            length = longest;
            over++;
        }
        of_length[length]++;
    }
    if (!over) return;
    /* Codes that were cut to `longest` overfill the space of codes: lengthen shorter ones until
     * they fit (in units of the longest codes). */
    u64 used = 0;
    for (int i = 1; i <= longest; i++) used += (u64)of_length[i] << (longest - i);
    while (used > 1ull << longest) {
        int length = longest - 1;
        while (!of_length[length]) length--;
        of_length[length]--;
        of_length[length + 1]++;
        used -= 1ull << (longest - length - 1);
    }
    /* What is left over shortens the most frequent that it can. */
    for (int length = longest; length > 1; length--)
        while (of_length[length] && used + (1ull << (longest - length)) <= 1ull << longest) {
            of_length[length]--;
            of_length[length - 1]++;
            used += 1ull << (longest - length);
        }
}

void png_huffman(const u32 *counts, int n, int longest, u8 *lengths, u32 *codes) {
    u32 first[290], second[290];
    u32 most = 0;
    int used = 0, scale = 0;
    for (int i = 0; i < n; i++) most = counts[i] > most ? counts[i] : most;
    while (most >> scale >> 22) scale++;
    for (int i = 0; i < n; i++) {
        lengths[i] = 0;
        codes[i] = 0;
        if (counts[i]) first[used++] = (counts[i] >> scale | !(counts[i] >> scale)) << 9 | (u32)i;
    }
    /* Some readers want two codes at least. */
    for (int i = 0; used < 2; i++)
        if (!counts[i]) first[used++] = 1u << 9 | (u32)i;
    const u32 *order = sorted(first, second, used, most >> scale | 1);
    u32 of_length[17];
    count_lengths(order, used, longest, of_length);
    u32 next[17], code = 0;
    for (int length = longest, i = 0; length > 0; length--)
        for (u32 k = 0; k < of_length[length]; k++) lengths[order[i++] & 511] = (u8)length;
    for (int length = 1; length <= longest; length++) {
        next[length] = code;
        code = (code + of_length[length]) << 1;
    }
    for (int i = 0; i < n; i++) {
        const unsigned length = lengths[i];
        if (!length) continue;
        codes[i] = reversed(next[length]++, length) << 8 | length;
    }
}
