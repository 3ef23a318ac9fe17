// Kernels of the toy engine (ToyEngine.h), by hand, in the ABI of compiled ones. The next token of a text is a hash of
// all its tokens in order, read back through the block table, so that any mistake with pages, slots, positions, chunks
// or padding changes the text.
#include <stdint.h>

enum {
  kHidden = 16,
  kVocab = 64,
  kPageTokens = 4,
  kHeadDim = 4,
  kPagesPerSequence = 8,
  kPageFloats = kHeadDim * kPageTokens,
};

#define EXPORT __attribute__((visibility("default")))
#define SHARE(total)                                                                                                   \
  uint32_t begin = (uint32_t)((uint64_t)(total) * worker / workers);                                                   \
  uint32_t end = (uint32_t)((uint64_t)(total) * (worker + 1) / workers)

// tokens[N], positions[N], slots[N], block_table[MaxSeq][PagesPerSequence] -> keys[pages][1][kHeadDim][kPageTokens]
static void append(void *const *args, uint32_t rows, uint32_t worker, uint32_t workers) {
  const int32_t *tokens = args[0], *positions = args[1], *slots = args[2], *table = args[3];
  float *keys = args[4];
  SHARE(rows);
  for (uint32_t row = begin; row < end; ++row) {
    if (slots[row] < 0)
      continue;
    int32_t page = table[slots[row] * kPagesPerSequence + positions[row] / kPageTokens];
    for (int d = 0; d < kHeadDim; ++d)
      keys[page * kPageFloats + d * kPageTokens + positions[row] % kPageTokens] = (float)(tokens[row] * (d + 1));
  }
}

// segments[S][4], block_table, keys -> hidden[N][kHidden]: hidden[row] = {hash, position, 0...}
static void attend(void *const *args, uint32_t segmentCount, uint32_t worker, uint32_t workers) {
  const int32_t *segments = args[0], *table = args[1];
  const float *keys = args[2];
  float *hidden = args[3];
  SHARE(segmentCount);
  for (uint32_t s = begin; s < end; ++s) {
    const int32_t *segment = segments + 4 * s;
    int32_t slot = segment[0], first = segment[1], rows = segment[2], context = segment[3];
    for (int32_t j = 0; j < rows; ++j) {
      int32_t position = context - rows + j;
      uint32_t hash = 1;
      for (int32_t t = 0; t <= position; ++t) {
        int32_t page = table[slot * kPagesPerSequence + t / kPageTokens];
        float key = keys[page * kPageFloats + (kHeadDim - 1) * kPageTokens + t % kPageTokens];
        hash = hash * 1664525 + (uint32_t)(key / kHeadDim) + 1013904223;
      }
      float *out = hidden + (first + j) * kHidden;
      for (int d = 0; d < kHidden; ++d)
        out[d] = 0;
      out[0] = (float)((hash >> 16) % kVocab);
      out[1] = (float)position;
    }
  }
}

// hidden[R][kHidden], rows[M], shift f32[16] -> logits[M][kVocab], largest at (hash + shift[0]) mod kVocab
static void head(void *const *args, uint32_t rows, uint32_t worker, uint32_t workers) {
  const float *hidden = args[0], *shift = args[2];
  const int32_t *selected = args[1];
  float *logits = args[3];
  SHARE(rows);
  for (uint32_t m = begin; m < end; ++m) {
    int32_t token = ((int32_t)hidden[selected[m] * kHidden] + (int32_t)shift[0]) % kVocab;
    for (int32_t v = 0; v < kVocab; ++v)
      logits[m * kVocab + v] = -0.125f * (float)((v - token) * (v - token));
  }
}

#define BODY(N, S)                                                                                                     \
  EXPORT void toy_append_##N(void *const *args, uint32_t worker, uint32_t workers) {                                   \
    append(args, N, worker, workers);                                                                                  \
  }                                                                                                                    \
  EXPORT void toy_attend_##N(void *const *args, uint32_t worker, uint32_t workers) { attend(args, S, worker, workers); }
#define HEAD(M)                                                                                                        \
  EXPORT void toy_head_##M(void *const *args, uint32_t worker, uint32_t workers) { head(args, M, worker, workers); }

BODY(1, 1)
BODY(2, 2)
BODY(4, 3)
BODY(8, 3)
HEAD(1)
HEAD(2)
