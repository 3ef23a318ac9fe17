#include "compiler/families/RopeTable.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tenon {
namespace {

constexpr int64_t kMaxContext = int64_t(1) << 24; // floats hold every whole number up to here

// base^(2d / dim) in float: the exponent and the power are each rounded once.
std::vector<float> powersOf(double base, int64_t dim) {
  std::vector<float> out(dim / 2);
  for (int64_t d = 0; d < dim / 2; ++d) {
    float exponent = static_cast<float>(2 * d) / static_cast<float>(dim);
    out[d] = static_cast<float>(std::pow(static_cast<double>(static_cast<float>(base)), static_cast<double>(exponent)));
  }
  return out;
}

std::vector<float> plain(double base, int64_t dim) {
  std::vector<float> out = powersOf(base, dim);
  for (float &f : out)
    f = 1.0f / f;
  return out;
}

std::vector<float> linear(const RopeParameters &rope, int64_t dim) {
  std::vector<float> out = plain(rope.theta, dim);
  for (float &f : out)
    f /= static_cast<float>(rope.factor);
  return out;
}

// NTK-aware scaling: a larger base, so that the longest wavelength stretches by the factor and the shortest not at all.
// Within the trained context this is the plain embedding.
std::vector<float> dynamic(const RopeParameters &rope, int64_t dim, int64_t context) {
  double trained = static_cast<double>(rope.originalMaxPositions);
  double length = std::max(static_cast<double>(context), trained);
  double stretch = rope.factor * length / trained - (rope.factor - 1.0);
  return plain(rope.theta * std::pow(stretch, static_cast<double>(dim) / static_cast<double>(dim - 2)), dim);
}

// Wavelengths that fit the trained context often enough stay, those that do not are stretched, between them a blend.
std::vector<float> llama3(const RopeParameters &rope, int64_t dim) {
  const double trained = static_cast<double>(rope.originalMaxPositions);
  const float longest = static_cast<float>(trained / rope.lowFreqFactor);
  const float shortest = static_cast<float>(trained / rope.highFreqFactor);
  const float factor = static_cast<float>(rope.factor), low = static_cast<float>(rope.lowFreqFactor);
  const float span = static_cast<float>(rope.highFreqFactor - rope.lowFreqFactor);
  std::vector<float> out = plain(rope.theta, dim);
  for (float &f : out) {
    float wavelength = static_cast<float>(2 * M_PI) / f;
    if (wavelength > longest) {
      f = f / factor;
    } else if (!(wavelength < shortest)) {
      float smooth = (static_cast<float>(trained) / wavelength - low) / span;
      f = (1.0f - smooth) * f / factor + smooth * f;
    }
  }
  return out;
}

// YaRN (Peng et al. 2023, arXiv 2309.00071), "NTK by parts": dimensions that turn more than betaFast times within the
// trained context keep their frequency, those below betaSlow turns are stretched, a linear ramp between.
std::vector<float> yarn(const RopeParameters &rope, int64_t dim) {
  auto dimensionOf = [&](double rotations) {
    return static_cast<double>(dim) *
           std::log(static_cast<double>(rope.originalMaxPositions) / (rotations * 2 * M_PI)) /
           (2 * std::log(rope.theta));
  };
  double low = dimensionOf(rope.betaFast), high = dimensionOf(rope.betaSlow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dim - 1));
  if (low == high)
    high += 0.001; // as the source does, against 0 / 0
  std::vector<float> out = powersOf(rope.theta, dim);
  for (size_t d = 0; d < out.size(); ++d) {
    float ramp = (static_cast<float>(d) - static_cast<float>(low)) / static_cast<float>(high - low);
    float keep = 1.0f - std::clamp(ramp, 0.0f, 1.0f);
    float kept = 1.0f / out[d], stretched = 1.0f / (static_cast<float>(rope.factor) * out[d]);
    out[d] = stretched * (1.0f - keep) + kept * keep;
  }
  return out;
}

// LongRoPE (Ding et al. 2024, arXiv 2402.13753): every frequency has a divisor of its own.
std::vector<float> longRope(const RopeParameters &rope, int64_t dim, int64_t context) {
  const std::vector<double> &factors = context > rope.originalMaxPositions ? rope.longFactors : rope.shortFactors;
  std::vector<float> out = powersOf(rope.theta, dim);
  for (size_t d = 0; d < out.size(); ++d)
    out[d] = 1.0f / (static_cast<float>(factors[d]) * out[d]);
  return out;
}

double longRopeAttentionFactor(const RopeParameters &rope) {
  if (rope.attentionFactor || rope.factor <= 1.0)
    return rope.attentionFactor.value_or(1.0);
  return std::sqrt(1 + std::log(rope.factor) / std::log(static_cast<double>(rope.originalMaxPositions)));
}

double yarnAttentionFactor(const RopeParameters &rope) {
  if (rope.attentionFactor)
    return *rope.attentionFactor;
  auto magnitude = [&](double scale) { return rope.factor <= 1.0 ? 1.0 : 0.1 * scale * std::log(rope.factor) + 1.0; };
  double scale = rope.mscale.value_or(0), allDim = rope.mscaleAllDim.value_or(0);
  return scale != 0 && allDim != 0 ? magnitude(scale) / magnitude(allDim) : magnitude(1.0);
}

} // namespace

Result<RopeTable> RopeTable::make(const RopeParameters &rope, int64_t headDim, int64_t maxContext) {
  if (maxContext < 1 || maxContext > kMaxContext)
    return Status(Code::Constraint, "a context of " + std::to_string(maxContext) +
                                        " tokens was asked for, expected 1 to " + std::to_string(kMaxContext));
  int64_t smallest = rope.kind == RopeKind::Dynamic ? 4 : 2;
  if (headDim < smallest || headDim % 2 != 0)
    return Status(Code::Constraint, "the head size is " + std::to_string(headDim) +
                                        ", expected an even number of at least " + std::to_string(smallest) +
                                        " for rotary embedding of kind " + std::string(name(rope.kind)));
  if (rope.kind == RopeKind::LongRope && (static_cast<int64_t>(rope.shortFactors.size()) != headDim / 2 ||
                                          rope.longFactors.size() != rope.shortFactors.size()))
    return Status(Code::Constraint, "rotary embedding of kind longrope has " +
                                        std::to_string(rope.shortFactors.size()) + " short and " +
                                        std::to_string(rope.longFactors.size()) +
                                        " long factors, expected half the head size, " + std::to_string(headDim / 2));
  RopeTable table;
  table.positions_ = maxContext;
  switch (rope.kind) {
  case RopeKind::Default:
    table.frequencies_ = plain(rope.theta, headDim);
    break;
  case RopeKind::Linear:
    table.frequencies_ = linear(rope, headDim);
    break;
  case RopeKind::Dynamic:
    table.frequencies_ = dynamic(rope, headDim, maxContext);
    break;
  case RopeKind::Llama3:
    table.frequencies_ = llama3(rope, headDim);
    break;
  case RopeKind::Yarn:
    table.frequencies_ = yarn(rope, headDim);
    table.attentionFactor_ = static_cast<float>(yarnAttentionFactor(rope));
    break;
  case RopeKind::LongRope:
    table.frequencies_ = longRope(rope, headDim, maxContext);
    table.attentionFactor_ = static_cast<float>(longRopeAttentionFactor(rope));
    break;
  }
  for (float f : table.frequencies_)
    if (!(f > 0.0f && std::isfinite(f)))
      return Status(Code::Constraint,
                    "the rotary embedding's frequencies leave the range of float: rope_theta or its scaling factor is "
                    "too large");
  return table;
}

void RopeTable::rows(int64_t first, int64_t count, float *out) const {
  assert(first >= 0 && count >= 0 && first + count <= positions_ && "rows of the table");
  const size_t half = frequencies_.size();
  for (int64_t p = first; p < first + count; ++p, out += 2 * half)
    for (size_t d = 0; d < half; ++d) {
      double angle = static_cast<float>(p) * frequencies_[d]; // the product is rounded to float first
      out[d] = static_cast<float>(std::cos(angle)) * attentionFactor_;
      out[half + d] = static_cast<float>(std::sin(angle)) * attentionFactor_;
    }
}

} // namespace tenon
