// How a model stretches its rotary position embedding, as config.json says it, in either spelling:
//   transformers 4   "rope_theta": 10000.0, "rope_scaling": {"type" or "rope_type": "linear", "factor": 2.0}
//   transformers 5   "rope_parameters": {"rope_theta": 10000.0, "rope_type": "linear", "factor": 2.0}
// Where one file holds both they must agree. docs/models.md describes the kinds.
#pragma once

#include "compiler/import/ConfigReader.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tenon {

enum class RopeKind { Default, Linear, Dynamic, Llama3, Yarn, LongRope };
inline constexpr RopeKind kRopeKinds[] = {RopeKind::Default, RopeKind::Linear, RopeKind::Dynamic,
                                          RopeKind::Llama3,  RopeKind::Yarn,   RopeKind::LongRope};
std::string_view name(RopeKind kind);

struct RopeParameters {
  RopeKind kind = RopeKind::Default;
  double theta = 10000.0;
  // The context the model was trained for before stretching. Dynamic, Llama3, Yarn, LongRope.
  int64_t originalMaxPositions = 0;
  double factor = 1.0; // all but Default; at least 1
  // Llama3: wavelengths beyond original / low are stretched, those below original / high are not. low < high.
  double lowFreqFactor = 1.0, highFreqFactor = 4.0;
  // Yarn: rotations over the original context that bound the ramp; betaFast >= betaSlow.
  double betaFast = 32.0, betaSlow = 1.0;
  bool truncate = true; // Yarn: round the ramp's ends to whole dimensions
  std::optional<double> attentionFactor =
      {}; // Yarn, LongRope: given outright, or worked out from the next two and the factor
  std::optional<double> mscale = {}, mscaleAllDim = {}; // Yarn
  // LongRope: what each frequency is divided by, headDim / 2 numbers: for sequences within the original context, and
  // for longer ones. Its attentionFactor is given outright, or follows from the factor and the original context.
  std::vector<double> shortFactors = {}, longFactors = {};
};

// Takes every rope key of `config`. Unsupported: an unknown kind or a key that the kind does not have. InvalidFile:
// missing or senseless numbers, or two spellings that disagree.
Result<RopeParameters> readRope(ConfigReader &config, int64_t maxPositions);

} // namespace tenon
