#include "compiler/driver/Describe.h"

#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "passes/quant/FormatRecipe.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mlir;

namespace tenon {
namespace {

std::string typeName(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

// The rows that meet quantized weights in a planned module, each kind once; "float" where there are none.
std::string describeActivations(ModuleOp module) {
  llvm::SetVector<StringRef> kinds;
  llvm::StringSet<> names; // owns them
  module.walk([&](model::LinearOp linear) {
    qt::RowsInt8Attr rows = qt::rowSchemeOf(linear.getX().getType());
    std::string name = !rows             ? "float"
                       : rows.getGroup() ? "int8 per " + std::to_string(rows.getGroup()) + " inputs"
                                         : "int8 per row";
    if (qt::schemeOf(linear.getWeight().getType()))
      kinds.insert(names.insert(name).first->first());
  });
  return kinds.empty() ? "float" : llvm::join(kinds, ", ");
}

uint64_t flopsPerToken(engine::VariantOp variant) {
  llvm::StringMap<uint64_t> flops;
  for (auto kernel : variant.getOps<engine::KernelOp>())
    flops[kernel.getSymbol()] = kernel.getFlops();
  uint64_t total = 0;
  for (StringRef entry : {"body", "head"}) {
    // The smallest bucket that there is, per row.
    engine::ProgramOp smallest;
    for (auto program : variant.getOps<engine::ProgramOp>())
      if (program.getEntry() == entry && (!smallest || program.getRows() < smallest.getRows()))
        smallest = program;
    uint64_t sum = 0;
    for (auto launch : smallest.getOps<engine::LaunchOp>())
      sum += flops.lookup(launch.getKernel());
    total += sum / smallest.getRows();
  }
  return total;
}

// Of the smallest bucket that there is, per row.
uint64_t flopsPerToken(const schema::Variant &variant) {
  uint64_t total = 0;
  for (const std::string_view entry : {"body", "head"}) {
    const schema::Program *smallest = nullptr;
    for (const schema::Program *program : *variant.programs())
      if (program->entry()->string_view() == entry && program->rows() > 0 &&
          (!smallest || program->rows() < smallest->rows()))
        smallest = program;
    if (!smallest)
      continue;
    uint64_t sum = 0;
    for (const schema::Step *step : *smallest->steps())
      if (step->kind() == schema::StepKind::Launch && step->kernel() < variant.kernels()->size())
        sum += variant.kernels()->Get(step->kernel())->flops();
    total += sum / smallest->rows();
  }
  return total;
}

VariantPlan planOf(const schema::Variant &variant, uint64_t weightBytes) {
  VariantPlan plan;
  plan.target = variant.target()->str();
  plan.weightBytes = weightBytes;
  plan.kvBytes = variant.kv_bytes();
  plan.ioBytes = variant.io_bytes();
  plan.arenaBytes = variant.arena_bytes();
  plan.flopsPerToken = flopsPerToken(variant);
  return plan;
}

} // namespace

// The formats of weights, activations and cache, as a planned module has them.
void describePlan(ModuleOp module, EnginePlan &plan) {
  plan.weights = describeFormats(module);
  plan.activations = describeActivations(module);
  for (auto cache : module.getOps<model::CacheOp>()) {
    Type stored = cast<model::CacheType>(cache.getType()).getElementType();
    plan.kv = stored.isInteger(8) ? "int8" : typeName(stored);
  }
}

VariantPlan planOf(engine::VariantOp variant) {
  VariantPlan plan;
  plan.target = variant.getTarget().str();
  for (int64_t bytes : variant.getWeightBytes())
    plan.weightBytes += static_cast<uint64_t>(bytes);
  plan.kvBytes = variant.getKvBytes();
  plan.ioBytes = variant.getIoBytes();
  plan.arenaBytes = variant.getArenaBytes();
  plan.flopsPerToken = flopsPerToken(variant);
  return plan;
}

uint64_t sourceBytes(const ModelDirectory &directory) {
  uint64_t bytes = 0;
  if (directory.checkpoint)
    for (const TensorInfo &tensor : directory.checkpoint->tensors())
      bytes += tensor.bytes;
  return bytes;
}

EnginePlan describe(const LoadedModel &model) {
  EnginePlan plan;
  plan.family = model.info.family;
  plan.parameters = model.info.parameters;
  plan.sourceBytes = sourceBytes(model.directory);
  plan.shape = model.shape;
  return plan;
}

EnginePlan planOf(const schema::Engine &engine, uint64_t sourceBytes) {
  EnginePlan plan;
  plan.family = engine.model()->family()->str();
  plan.parameters = engine.model()->parameters();
  plan.sourceBytes = sourceBytes;
  const std::map<std::string, std::string *> formats = {
      {"format.weights", &plan.weights}, {"format.activations", &plan.activations}, {"format.kv", &plan.kv}};
  for (const schema::KeyValue *field : *engine.key_fields())
    if (const auto at = formats.find(field->key()->str()); at != formats.end())
      *at->second = field->value()->str();
  plan.shape.maxSequences = engine.shape()->max_sequences();
  plan.shape.maxContext = engine.shape()->max_context();
  plan.shape.pageTokens = engine.kv()->page_tokens();
  plan.shape.pages = engine.kv()->pages();
  plan.shape.bodyRows.assign(engine.shape()->body_rows()->begin(), engine.shape()->body_rows()->end());
  plan.shape.headRows.assign(engine.shape()->head_rows()->begin(), engine.shape()->head_rows()->end());
  for (const schema::Rank *rank : *engine.ranks())
    for (const schema::Variant *variant : *rank->variants())
      plan.variants.push_back(planOf(*variant, rank->weight_bytes()));
  return plan;
}

} // namespace tenon
