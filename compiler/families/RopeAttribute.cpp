#include "compiler/families/RopeAttribute.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

// Calls visit(name, field) for every number that `rope`'s kind has, so that writing and reading name the same ones.
template <typename Rope, typename Visit> static void forEachNumber(Rope &rope, Visit &visit) {
  visit("rope_theta", rope.theta);
  if (rope.kind == RopeKind::Default)
    return;
  visit("factor", rope.factor);
  if (rope.kind == RopeKind::Linear)
    return;
  visit("original_max_position_embeddings", rope.originalMaxPositions);
  if (rope.kind == RopeKind::Llama3) {
    visit("low_freq_factor", rope.lowFreqFactor);
    visit("high_freq_factor", rope.highFreqFactor);
  }
  if (rope.kind == RopeKind::Yarn) {
    visit("beta_fast", rope.betaFast);
    visit("beta_slow", rope.betaSlow);
    visit("truncate", rope.truncate);
    visit("attention_factor", rope.attentionFactor);
    visit("mscale", rope.mscale);
    visit("mscale_all_dim", rope.mscaleAllDim);
  }
  if (rope.kind == RopeKind::LongRope) {
    visit("attention_factor", rope.attentionFactor);
    visit("short_factor", rope.shortFactors);
    visit("long_factor", rope.longFactors);
  }
}

namespace {
struct Writer {
  OpBuilder builder;
  SmallVector<NamedAttribute> entries;

  void operator()(StringRef name, double value) {
    entries.push_back(builder.getNamedAttr(name, builder.getF64FloatAttr(value)));
  }
  void operator()(StringRef name, int64_t value) {
    entries.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  }
  void operator()(StringRef name, bool value) {
    entries.push_back(builder.getNamedAttr(name, builder.getBoolAttr(value)));
  }
  void operator()(StringRef name, std::optional<double> value) {
    if (value)
      (*this)(name, *value);
  }
  void operator()(StringRef name, const std::vector<double> &values) {
    entries.push_back(builder.getNamedAttr(name, builder.getF64ArrayAttr(values)));
  }
};

struct Reader {
  DictionaryAttr entries;
  size_t taken = 0;
  Status status = {};

  template <typename Attribute> Attribute take(StringRef name, const char *expected) {
    auto value = entries.getAs<Attribute>(name);
    if (value)
      ++taken;
    else if (status.isOk())
      status = Status(Code::InvalidFile, "rope table: " + name.str() + ": expected " + expected);
    return value;
  }
  void operator()(StringRef name, double &value) {
    auto number = take<FloatAttr>(name, "a finite number");
    value = number ? number.getValueAsDouble() : 0;
    if (number && !std::isfinite(value))
      status = Status(Code::InvalidFile, "rope table: " + name.str() + ": expected a finite number");
  }
  void operator()(StringRef name, int64_t &value) {
    auto number = take<IntegerAttr>(name, "a whole number from 1 to 2^30");
    value = number && number.getType().isInteger(64) ? number.getInt() : 0;
    if (number && (value < 1 || value > int64_t(1) << 30))
      status = Status(Code::InvalidFile, "rope table: " + name.str() + ": expected a whole number from 1 to 2^30");
  }
  void operator()(StringRef name, bool &value) {
    auto flag = take<BoolAttr>(name, "true or false");
    value = flag && flag.getValue();
  }
  void operator()(StringRef name, std::optional<double> &value) {
    if (!entries.contains(name))
      return;
    double number = 0;
    (*this)(name, number);
    value = number;
  }
  void operator()(StringRef name, std::vector<double> &values) {
    auto list = take<ArrayAttr>(name, "a list of finite numbers");
    for (Attribute element : list ? list.getValue() : ArrayRef<Attribute>()) {
      auto number = dyn_cast<FloatAttr>(element);
      if (!number || !std::isfinite(number.getValueAsDouble()))
        status = Status(Code::InvalidFile, "rope table: " + name.str() + ": expected a list of finite numbers");
      values.push_back(number ? number.getValueAsDouble() : 0);
    }
  }
};
} // namespace

Result<model::RopeTableAttr> tenon::ropeTableAttribute(MLIRContext &context, const RopeParameters &rope,
                                                       int64_t headDim, int64_t positions) {
  Result<RopeTable> table = RopeTable::make(rope, headDim, positions);
  if (!table.isOk())
    return std::move(table).status();
  Writer writer{OpBuilder(&context), {}};
  std::string_view kind = name(rope.kind);
  writer.entries.push_back(writer.builder.getNamedAttr("rope_type", writer.builder.getStringAttr(StringRef(kind))));
  forEachNumber(rope, writer);
  return model::RopeTableAttr::get(&context, positions, headDim, writer.builder.getDictionaryAttr(writer.entries));
}

Result<RopeTable> tenon::ropeTableOf(model::RopeTableAttr attribute) {
  Reader reader{attribute.getParameters()};
  auto type = reader.take<StringAttr>("rope_type", "a name");
  RopeParameters rope;
  bool known = false;
  for (RopeKind kind : kRopeKinds)
    if (type && type.getValue() == StringRef(name(kind))) {
      rope.kind = kind;
      known = true;
    }
  if (reader.status.isOk() && !known)
    return Status(Code::InvalidFile, "rope table: rope_type: \"" + type.str() +
                                         "\" is none of default, linear, dynamic, llama3, yarn, longrope");
  forEachNumber(rope, reader);
  if (reader.status.isOk() && reader.taken != attribute.getParameters().size())
    return Status(Code::InvalidFile, "rope table: a number that \"" + type.str() + "\" does not have");
  TENON_TRY(std::move(reader.status));
  return RopeTable::make(rope, attribute.getHeadDim(), attribute.getPositions());
}
