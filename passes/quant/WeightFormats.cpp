#include "passes/quant/WeightFormats.h"
#include "dialects/qt/Qt.h"

using namespace mlir;
using namespace tenon;

using Made = FailureOr<Attribute>;

template <typename FloatType> static Made makeFloat(MLIRContext *context, int64_t, bool, EmitError) {
  return Attribute(TypeAttr::get(FloatType::get(context)));
}

static Made orFailure(Attribute scheme) { return scheme ? Made(scheme) : Made(failure()); }

static Made makeInt8(MLIRContext *context, int64_t group, bool asym, EmitError emitError) {
  if (group != 0)
    return orFailure(qt::Int8GroupAttr::getChecked(emitError, context, group, asym));
  if (!asym)
    return Attribute(qt::Int8Attr::get(context));
  emitError() << "int8_wo:asym has no group, expected one such as int8_wo:g128,asym";
  return failure();
}

static constexpr WeightFormatRow kFormats[] = {
    {"auto", "f32 as bf16, 16-bit and GGUF types as they are", -1,
     [](MLIRContext *, int64_t, bool, EmitError) -> Made { return Attribute(); }},
    {"bf16", "bfloat16", -1, makeFloat<BFloat16Type>},
    {"fp16", "IEEE half precision", -1, makeFloat<Float16Type>},
    {"fp32", "IEEE single precision", -1, makeFloat<Float32Type>},
    {"int8_wo", "8 bits, a scale per output, or per group of inputs", 0, makeInt8},
    {"int4_wo", "4 bits, a scale per group of 128 inputs, or another group", 128,
     [](MLIRContext *context, int64_t group, bool asym, EmitError emitError) {
       return orFailure(qt::Int4GroupAttr::getChecked(emitError, context, group, asym));
     }},
    {"q8_0", "GGUF's Q8_0: 8 bits in blocks of 32", -1,
     [](MLIRContext *context, int64_t, bool, EmitError) -> Made { return Attribute(qt::Q8_0Attr::get(context)); }},
    {"q4_0", "GGUF's Q4_0: 4 bits in blocks of 32", -1,
     [](MLIRContext *context, int64_t, bool, EmitError) -> Made { return Attribute(qt::Q4_0Attr::get(context)); }},
};

ArrayRef<WeightFormatRow> tenon::weightFormats() { return kFormats; }

std::string tenon::weightFormatNames() {
  std::string names;
  for (const WeightFormatRow &row : kFormats)
    names += (names.empty() ? "" : ", ") + row.name.str() + (row.group < 0 ? "" : "[:gN[,asym]]");
  return names;
}

Made tenon::parseWeightFormat(MLIRContext *context, StringRef text, EmitError emitError) {
  auto [name, options] = text.split(':');
  const auto *row = llvm::find_if(kFormats, [name = name](const WeightFormatRow &known) { return known.name == name; });
  if (row == std::end(kFormats)) {
    emitError() << "unknown weight format \"" << name << "\", expected " << weightFormatNames();
    return failure();
  }
  int64_t group = row->group;
  bool asym = false;
  if (!text.contains(':'))
    return row->make(context, group, asym, emitError);
  if (group < 0) {
    emitError() << "weight format \"" << text << "\": " << name << " takes no options";
    return failure();
  }
  SmallVector<StringRef> parts;
  options.split(parts, ',');
  bool grouped = false;
  for (StringRef part : parts) {
    StringRef number = part;
    bool isAsym = part == "asym";
    if (!isAsym && (!number.consume_front("g") || number.getAsInteger(10, group) || group <= 0)) {
      emitError() << "weight format \"" << text << "\": unknown option \"" << part
                  << "\", expected g32, g64, g128 or asym";
      return failure();
    }
    bool &given = isAsym ? asym : grouped;
    if (given) {
      emitError() << "weight format \"" << text << "\": \"" << part
                  << "\" is one too many, expected at most one group and asym once";
      return failure();
    }
    given = true;
  }
  return row->make(context, group, asym, [&] { return emitError() << "weight format \"" << text << "\": "; });
}

std::string tenon::weightFormatName(Type elementType) {
  if (auto quantized = dyn_cast<qt::QuantizedType>(elementType))
    return cast<qt::Scheme>(quantized.getScheme()).getRecipeName();
  return elementType.isBF16() ? "bf16" : elementType.isF16() ? "fp16" : "fp32";
}
