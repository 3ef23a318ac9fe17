// The cosines and sines of a rotary position embedding, worked out as transformers does (modeling_rope_utils.py,
// version 5): inverse frequencies and angles in float, in its order of operations, so that positions far out turn by
// the same angle.
//
// Row p holds, for d in [0, headDim / 2): cos(p * f[d]) and, after them, sin(p * f[d]), each times the attention
// factor. A fixed-shape engine has one table for its whole life; kinds whose frequencies depend on the length of the
// sequence at hand (Dynamic, LongRope) are worked out for its largest context. docs/models.md says what that means.
#pragma once

#include "compiler/families/RopeParameters.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tenon {

class RopeTable {
public:
  // headDim even and at least 2 (at least 4 for Dynamic), maxContext at least 1 and at most 2^24: a position is a
  // float. Constraint otherwise.
  static Result<RopeTable> make(const RopeParameters &rope, int64_t headDim, int64_t maxContext);

  int64_t headDim() const { return 2 * static_cast<int64_t>(frequencies_.size()); }
  int64_t positions() const { return positions_; }
  std::span<const float> inverseFrequencies() const { return frequencies_; }
  float attentionFactor() const { return attentionFactor_; }

  // Fills out[count][headDim] with rows first .. first + count - 1, which must lie below positions(). Safe from any
  // thread.
  void rows(int64_t first, int64_t count, float *out) const;

private:
  std::vector<float> frequencies_; // [headDim / 2], radians a position
  float attentionFactor_ = 1.0f;
  int64_t positions_ = 0;
};

} // namespace tenon
