/* What is left of a beam behind matter, and back: the law of Beer and Lambert. */
#include "power.h"

#define RAYS 64
#define PER_E -1.4426950408889634 /* -log2(e) */
#define LN_2 0.69314718055994531

INLINE double within(double y) { return y > -1000 ? y : -1000; }

EXPORT void beam_light(const float *lengths, ptrdiff_t materials, ptrdiff_t rays,
                       const double *attenuation, const double *weights, ptrdiff_t energies,
                       float *light) {
    for (ptrdiff_t first = 0; first < rays; first += RAYS) {
        const ptrdiff_t some = rays - first < RAYS ? rays - first : RAYS;
        double sums[RAYS] = {0};
        for (ptrdiff_t e = 0; e < energies; e++) {
            double lines[RAYS] = {0};
            for (ptrdiff_t m = 0; m < materials; m++) {
                const double mu = attenuation[e * materials + m];
                const float *behind = lengths + m * rays + first;
                for (ptrdiff_t i = 0; i < some; i++) lines[i] += mu * (double)behind[i];
            }
            for (int i = 0; i < RAYS; i++) sums[i] += weights[e] * exp2_of(within(lines[i] * PER_E));
        }
        for (ptrdiff_t i = 0; i < some; i++) light[first + i] = (float)sums[i];
    }
}

EXPORT void minus_log(const float *light, ptrdiff_t count, float *lines) {
    for (ptrdiff_t i = 0; i < count; i++) lines[i] = (float)(-LN_2 * log2_of((double)light[i]));
}
