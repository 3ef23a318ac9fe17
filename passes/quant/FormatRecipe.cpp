#include "passes/quant/FormatRecipe.h"
#include "dialects/qt/Qt.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tenon;

bool tenon::isFormattedMatrix(model::WeightOp weight) {
  return weight.getTensorType().getRank() >= 2 && isa<model::CheckpointAttr>(weight.getSource());
}

FailureOr<FormatRecipe> FormatRecipe::parse(MLIRContext *context, StringRef text, EmitError emitError) {
  FormatRecipe recipe;
  SmallVector<StringRef> entries;
  text.split(entries, ';');
  for (auto [index, entry] : llvm::enumerate(entries)) {
    bool named = entry.contains('=');
    auto [left, right] = entry.split('=');
    StringRef pattern = named ? left.trim() : "", name = (named ? right : left).trim();
    if (name.empty() || (named && pattern.empty())) {
      emitError() << "entry " << index + 1 << " of the recipe \"" << text
                  << "\" is empty, expected FORMAT or PATTERN=FORMAT, such as int4_wo; lm_head=int8_wo";
      return failure();
    }
    FailureOr<Attribute> format = parseWeightFormat(context, name, emitError);
    if (failed(format))
      return failure();
    if (!named) {
      if (index == 0) {
        recipe.fallback = *format;
        continue;
      }
      emitError() << "\"" << name << "\" stands at place " << index + 1 << " of the recipe \"" << text
                  << "\", expected the default format first and PATTERN=FORMAT after it";
      return failure();
    }
    llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(pattern, /*MaxSubPatterns=*/1024);
    if (!glob) {
      emitError() << "pattern \"" << pattern << "\": " << llvm::toString(glob.takeError());
      return failure();
    }
    recipe.overrides.push_back({pattern.str(), *std::move(glob), *format});
  }
  return recipe;
}

Type FormatRecipe::defaultFloat() const {
  auto type = dyn_cast_or_null<TypeAttr>(fallback);
  return type ? type.getValue() : Type();
}

static Type storedType(Attribute format, Type source) {
  if (!format)
    return source.isF32() ? Type(BFloat16Type::get(source.getContext())) : source;
  if (auto type = dyn_cast<TypeAttr>(format))
    return type.getValue();
  return qt::QuantizedType::get(source.getContext(), format);
}

// The symbols of matrices that any linear multiplies with.
static llvm::DenseSet<StringAttr> multipliedSymbols(ModuleOp module) {
  llvm::DenseSet<StringAttr> symbols;
  module.walk([&](model::LinearOp linear) {
    if (auto get = linear.getWeight().getDefiningOp<model::GetWeightOp>())
      symbols.insert(get.getSymbolAttr().getAttr());
  });
  return symbols;
}

// The matrices' names with the numbers of layers replaced by *: what patterns can be written for.
static std::string matrixNames(ModuleOp module) {
  llvm::SetVector<StringRef> seen;
  SmallVector<std::string> names;
  for (auto weight : module.getOps<model::WeightOp>())
    if (isFormattedMatrix(weight)) {
      SmallVector<StringRef> parts;
      weight.getSymName().split(parts, '.');
      for (StringRef &part : parts)
        if (!part.empty() && llvm::all_of(part, llvm::isDigit))
          part = "*";
      names.push_back(llvm::join(parts, "."));
    }
  for (const std::string &name : names)
    seen.insert(name);
  return llvm::join(seen, ", ");
}

// Whether the table of embeddings is also what the last linear, the output head, multiplies with.
static bool isTied(ModuleOp module) {
  return multipliedSymbols(module).contains(StringAttr::get(module.getContext(), "embed"));
}

FailureOr<std::vector<WeightChoice>> FormatRecipe::choose(ModuleOp module, EmitError emitError) const {
  llvm::DenseSet<StringAttr> multiplied = multipliedSymbols(module);
  std::vector<bool> matched(overrides.size());
  std::vector<WeightChoice> choices;
  Type f32 = Float32Type::get(module.getContext());
  for (auto weight : module.getOps<model::WeightOp>()) {
    if (!isFormattedMatrix(weight)) {
      choices.push_back({weight, f32});
      continue;
    }
    bool byRowsOnly = !multiplied.contains(weight.getSymNameAttr());
    Attribute format = byRowsOnly && isa_and_nonnull<qt::Scheme>(fallback) ? Attribute() : fallback;
    for (auto [index, entry] : llvm::enumerate(overrides))
      if (entry.glob.match(weight.getSymName())) {
        matched[index] = true;
        format = entry.format;
      }
    choices.push_back({weight, storedType(format, weight.getTensorType().getElementType())});
  }
  for (auto [index, entry] : llvm::enumerate(overrides))
    if (!matched[index]) {
      InFlightDiagnostic error = emitError();
      error << "pattern \"" << entry.pattern << "\" matches no weight matrix, expected one of " << matrixNames(module);
      if (entry.glob.match("lm_head") && isTied(module))
        error << "; this model's output head is embed, as the two are tied";
      return failure();
    }
  return choices;
}

std::string tenon::describeFormats(ModuleOp module) {
  llvm::MapVector<StringRef, unsigned> counts;
  std::vector<std::pair<std::string, std::string>> formats; // of every matrix: name, format
  for (auto weight : module.getOps<model::WeightOp>())
    if (isFormattedMatrix(weight))
      formats.push_back({weight.getSymName().str(), weightFormatName(weight.getTensorType().getElementType())});
  for (auto &[name, format] : formats)
    ++counts[format];
  if (counts.empty())
    return "none";
  StringRef common =
      llvm::max_element(counts, [](auto &a, auto &b) { return a.second < b.second; })->first; // the first of equals
  std::string text = common.str();
  for (auto &[name, format] : formats)
    if (format != common)
      text += "; " + name + "=" + format;
  return text;
}
