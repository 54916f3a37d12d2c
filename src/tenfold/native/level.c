/* Which level of x86-64 this machine runs. */
#include "common.h"

#if defined(__x86_64__)
#include <cpuid.h>

static u64 enabled_state(void) {
    u32 low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((u64)high << 32) | low;
}

EXPORT int tenfold_level(void) {
    u32 a, b, c, d, b7, c7, d7, c81;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const int v2 = (c >> 9 & 1) && (c >> 19 & 1) && (c >> 20 & 1) && (c >> 23 & 1);
    if (!v2) return 0;
    const int avx = (c >> 27 & 1) && (c >> 28 & 1) && (c >> 12 & 1) && (c >> 29 & 1) && (c >> 22 & 1);
    if (!avx || (enabled_state() & 6) != 6) return 2;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return 2;
    if (!__get_cpuid(0x80000001, &a, &b, &c81, &d)) return 2;
    if (!((b7 >> 3 & 1) && (b7 >> 5 & 1) && (b7 >> 8 & 1) && (c81 >> 5 & 1))) return 2;
    /* avx512 f, dq, cd, bw, vl and, in c7, vbmi */
    const u32 wide = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    const int state = (enabled_state() & 0xe6) == 0xe6;
    return state && (b7 & wide) == wide && (c7 >> 1 & 1) ? 4 : 3;
}
#else
EXPORT int tenfold_level(void) { return 0; }
#endif
