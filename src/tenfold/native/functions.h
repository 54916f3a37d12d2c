/* Every function that Python calls. cffi reads this file too, so it holds plain declarations only.
 *
 * Rasters are C-contiguous (H, W, C). No function keeps a pointer, allocates memory or fails.
 * All of them give the same bytes on every processor: see native/README.md.
 */

/* 2, 3 or 4: which x86-64 level this processor and operating system run (4 with VBMI); else 0. */
int tenfold_level(void);
