// How one layer's keys and values lie in memory: the one place that planner, kernels, runtime checks and tests ask.
//
//              keys                                          values
//   f32, f16   [kv_heads][pages][head_dim][page_tokens]      [kv_heads][pages][page_tokens][head_dim]
//   bf16       [kv_heads][pages][head_dim/2][page_tokens][2] [kv_heads][pages][page_tokens/2][head_dim][2]
//   i8         as f32, and behind each page of a head the f32 scales of its tokens: a number is code * scale
//
// Pages of a head are neighbours: a sequence in consecutive pages is one stream, which the memory reads a third faster
// than scattered pages. A line holds what one step of a product reads side by side: a dimension of a page's keys, a
// token's value, or for bf16 two of them interleaved, which is the operand of vdpbf16ps and of AMX tiles.
#pragma once

#include "dialects/model/Model.h"

namespace tenon::model {

class CacheLayout {
public:
  explicit CacheLayout(CacheType type);

  // Dimensions (keys) or tokens (values) that a line interleaves.
  int64_t interleaved() const { return pairs; }
  // Bytes of one column (a token of the keys, a dimension of the values) in a line.
  int64_t columnBytes() const { return pairs * elementBytes; }
  int64_t keyLineBytes() const { return pageTokens * columnBytes(); }
  int64_t valueLineBytes() const { return headDim * columnBytes(); }
  // Keys or values of one kv head in one page.
  int64_t pageBytes() const { return scaleOffset(scaled ? pageTokens : 0); }
  int64_t headBytes() const { return pages * pageBytes(); }
  // All keys or all values of the layer.
  int64_t sideBytes() const { return kvHeads * headBytes(); }

  // Of an element, from the start of its head's page.
  int64_t keyOffset(int64_t token, int64_t dim) const {
    return dim / pairs * keyLineBytes() + token * columnBytes() + dim % pairs * elementBytes;
  }
  int64_t valueOffset(int64_t token, int64_t dim) const {
    return token / pairs * valueLineBytes() + dim * columnBytes() + token % pairs * elementBytes;
  }

  int64_t scaleOffset(int64_t token) const { return headDim * pageTokens * elementBytes + token * 4; }

  const int64_t pages, kvHeads, headDim, pageTokens, elementBytes;
  const bool scaled; // codes with a scale for each token of a head

private:
  int64_t pairs;
};

} // namespace tenon::model
