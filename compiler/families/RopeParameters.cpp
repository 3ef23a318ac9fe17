#include "compiler/families/RopeParameters.h"

#include <algorithm>
#include <charconv>

namespace tenon {
namespace {

constexpr struct {
  std::string_view name;
  RopeKind kind;
} kKinds[] = {{"default", RopeKind::Default}, {"linear", RopeKind::Linear}, {"dynamic", RopeKind::Dynamic},
              {"llama3", RopeKind::Llama3},   {"yarn", RopeKind::Yarn},     {"longrope", RopeKind::LongRope}};

constexpr double kMaxFactor = 1e6;
constexpr double kMaxTheta = 1e12;
constexpr int64_t kMaxPositions = int64_t(1) << 30;

std::string number(double value) {
  char text[40];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// "type" is the older name of "rope_type"; transformers writes both at times.
Result<RopeKind> readKind(ConfigReader &section) {
  TENON_ASSIGN(std::string older, section.stringOr("type", ""));
  TENON_ASSIGN(std::string newer, section.stringOr("rope_type", ""));
  if (!older.empty() && !newer.empty() && older != newer)
    return section.mismatch("type", "the same as rope_type " + quoteForMessage(newer));
  std::string_view kind = !newer.empty() ? newer : !older.empty() ? older : std::string_view("default");
  for (auto &known : kKinds)
    if (known.name == kind)
      return known.kind;
  return section.mismatch(newer.empty() ? "type" : "rope_type",
                          "one of default, linear, dynamic, llama3, yarn, longrope", Code::Unsupported);
}

Status readYarn(ConfigReader &section, int64_t maxPositions, RopeParameters &rope) {
  TENON_ASSIGN(rope.originalMaxPositions,
               section.integerOr("original_max_position_embeddings", 1, kMaxPositions, maxPositions));
  // Without a factor the ratio of the two contexts is meant.
  double ratio = static_cast<double>(maxPositions) / static_cast<double>(rope.originalMaxPositions);
  TENON_ASSIGN(rope.factor, section.realOr("factor", 1.0, kMaxFactor, ratio));
  if (rope.factor < 1.0)
    return section.mismatch("original_max_position_embeddings", "at most max_position_embeddings, " +
                                                                    std::to_string(maxPositions) +
                                                                    ", as there is no factor");
  TENON_ASSIGN(rope.attentionFactor, section.optionalReal("attention_factor", 1e-6, kMaxFactor));
  TENON_ASSIGN(rope.mscale, section.optionalReal("mscale", 0, kMaxFactor));
  TENON_ASSIGN(rope.mscaleAllDim, section.optionalReal("mscale_all_dim", 0, kMaxFactor));
  TENON_ASSIGN(rope.betaFast, section.realOr("beta_fast", 1e-6, kMaxFactor, rope.betaFast));
  TENON_ASSIGN(rope.betaSlow, section.realOr("beta_slow", 1e-6, kMaxFactor, rope.betaSlow));
  TENON_ASSIGN(rope.truncate, section.booleanOr("truncate", true));
  if (rope.betaFast < rope.betaSlow)
    return section.mismatch("beta_fast", "at least beta_slow, " + number(rope.betaSlow));
  if (rope.theta <= 1.0)
    return section.contradiction("yarn needs a rope_theta above 1, got " + number(rope.theta));
  return Status::ok();
}

Status readLlama3(ConfigReader &section, int64_t maxPositions, RopeParameters &rope) {
  TENON_ASSIGN(rope.factor, section.real("factor", 1.0, kMaxFactor));
  TENON_ASSIGN(rope.lowFreqFactor, section.real("low_freq_factor", 1e-6, kMaxFactor));
  TENON_ASSIGN(rope.highFreqFactor, section.real("high_freq_factor", 1e-6, kMaxFactor));
  TENON_ASSIGN(rope.originalMaxPositions,
               section.integerOr("original_max_position_embeddings", 1, kMaxPositions, maxPositions));
  if (rope.lowFreqFactor >= rope.highFreqFactor)
    return section.mismatch("low_freq_factor", "less than high_freq_factor, " + number(rope.highFreqFactor));
  return Status::ok();
}

Result<std::vector<double>> readFactors(ConfigReader &section, std::string_view key) {
  auto value = section.take(key);
  if (!value)
    return section.missing(key, "an array of numbers, one for every two sizes of a head");
  TENON_ASSIGN(JsonElements elements, value->asArray());
  std::vector<double> out;
  for (JsonValue element : elements) {
    TENON_ASSIGN(const double factor, realWithin(element, 1e-6, kMaxFactor));
    out.push_back(factor);
  }
  return out;
}

Status readLongRope(ConfigReader &section, int64_t maxPositions, RopeParameters &rope) {
  TENON_ASSIGN(rope.originalMaxPositions, section.integerOr("original_max_position_embeddings", 2, kMaxPositions,
                                                            std::max(maxPositions, int64_t(2))));
  double ratio = static_cast<double>(maxPositions) / static_cast<double>(rope.originalMaxPositions);
  TENON_ASSIGN(rope.factor, section.realOr("factor", 1e-6, kMaxFactor, ratio));
  TENON_ASSIGN(rope.attentionFactor, section.optionalReal("attention_factor", 1e-6, kMaxFactor));
  TENON_ASSIGN(rope.shortFactors, readFactors(section, "short_factor"));
  TENON_ASSIGN(rope.longFactors, readFactors(section, "long_factor"));
  if (rope.shortFactors.size() != rope.longFactors.size())
    return section.mismatch("long_factor",
                            "as many numbers as short_factor has, " + std::to_string(rope.shortFactors.size()));
  return Status::ok();
}

// All of one section but theta, which may also stand beside it.
Result<RopeParameters> readSection(ConfigReader &section, double theta, int64_t maxPositions) {
  RopeParameters rope;
  rope.theta = theta;
  rope.originalMaxPositions = maxPositions;
  TENON_ASSIGN(rope.kind, readKind(section));
  switch (rope.kind) {
  case RopeKind::Default:
    break;
  case RopeKind::Linear:
  case RopeKind::Dynamic: {
    TENON_ASSIGN(rope.factor, section.real("factor", 1.0, kMaxFactor));
    break;
  }
  case RopeKind::Llama3:
    TENON_TRY(readLlama3(section, maxPositions, rope));
    break;
  case RopeKind::Yarn:
    TENON_TRY(readYarn(section, maxPositions, rope));
    break;
  case RopeKind::LongRope:
    TENON_TRY(readLongRope(section, maxPositions, rope));
    break;
  }
  if (auto part = section.take("partial_rotary_factor")) {
    TENON_ASSIGN(double fraction, part->real());
    if (fraction != 1.0)
      return part->mismatch("1 (rotating part of each head is not known)", Code::Unsupported);
  }
  TENON_TRY(section.finish());
  return rope;
}

bool operator==(const RopeParameters &a, const RopeParameters &b) {
  return a.kind == b.kind && a.theta == b.theta && a.originalMaxPositions == b.originalMaxPositions &&
         a.factor == b.factor && a.lowFreqFactor == b.lowFreqFactor && a.highFreqFactor == b.highFreqFactor &&
         a.betaFast == b.betaFast && a.betaSlow == b.betaSlow && a.truncate == b.truncate &&
         a.attentionFactor == b.attentionFactor && a.mscale == b.mscale && a.mscaleAllDim == b.mscaleAllDim &&
         a.shortFactors == b.shortFactors && a.longFactors == b.longFactors;
}

} // namespace

std::string_view name(RopeKind kind) {
  for (auto &known : kKinds)
    if (known.kind == kind)
      return known.name;
  return "unknown";
}

Result<RopeParameters> readRope(ConfigReader &config, int64_t maxPositions) {
  constexpr std::string_view kSections[] = {"rope_scaling", "rope_parameters"};
  std::optional<double> theta;
  auto agree = [&](ConfigReader &reader) -> Status {
    TENON_ASSIGN(std::optional<double> found, reader.optionalReal("rope_theta", 1.0, kMaxTheta));
    if (theta && found && *theta != *found)
      return reader.mismatch("rope_theta", "the " + number(*theta) + " that stands elsewhere in the file");
    theta = found ? found : theta;
    return Status::ok();
  };
  TENON_TRY(agree(config));
  for (std::string_view key : kSections)
    if (auto value = config.take(key)) {
      TENON_ASSIGN(ConfigReader section, ConfigReader::openSection(*value));
      TENON_TRY(agree(section));
    }

  RopeParameters none;
  none.theta = theta.value_or(none.theta);
  none.originalMaxPositions = maxPositions;
  std::optional<RopeParameters> rope;
  for (std::string_view key : kSections)
    if (auto value = config.take(key)) {
      TENON_ASSIGN(ConfigReader section, ConfigReader::openSection(*value));
      TENON_TRY(agree(section)); // takes rope_theta, so that finish does not find it unread
      TENON_ASSIGN(RopeParameters found, readSection(section, none.theta, maxPositions));
      if (rope && !(*rope == found))
        return value->error("expected the same position embedding as in rope_scaling, got another");
      rope = found;
    }
  return rope.value_or(none);
}

} // namespace tenon
