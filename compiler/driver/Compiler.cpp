#include "compiler/driver/Compiler.h"

#include "compiler/driver/Checks.h"
#include "compiler/driver/CompileCache.h"
#include "compiler/driver/Depfile.h"
#include "compiler/driver/Describe.h"
#include "compiler/driver/DiagnosticText.h"
#include "compiler/driver/EngineAssembly.h"
#include "compiler/driver/Lowering.h"
#include "compiler/emit/EngineWriter.h"
#include "dialects/model/Model.h"
#include "passes/quant/FormatRecipe.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tenon {
namespace {

void note(const CompileOptions &options, const std::string &text) {
  if (options.note)
    options.note(text);
}

std::string describeModel(const std::string &family, uint64_t parameters, const ShapeChoice &shape) {
  return family + ", " + std::to_string(parameters) + " parameters: " + shape.describe();
}

// The whole engine from the cache: nothing is lowered and no weight is read.
Result<CompileReport> writeFound(const CompileOptions &options, const CompileCache::Engine &found, CompileCache &cache,
                                 const ModelDirectory &directory, unsigned threads) {
  EnginePlan plan = planOf(*found.metadata, sourceBytes(directory));
  note(options, describeModel(plan.family, plan.parameters, plan.shape));
  TENON_ASSIGN(const emit::WrittenEngine written,
               emit::writeFromHead(options.output, found.bytes(), options.externalWeights, found.stored, threads));
  cache.noteTransfer(written.transfer);
  return CompileReport{std::move(plan), written.bytes, written.weightsFile, emit::transferName(written.transfer),
                       cache.takeReport()};
}

} // namespace

Result<EnginePlan> planEngine(const CompileOptions &options) {
  Lowering lowering(options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  TENON_ASSIGN(const LoadedModel model, lowering.load());
  EnginePlan plan = describe(model);
  for (kernel::TargetAttr target : targets) {
    TENON_ASSIGN(OwningOpRef<ModuleOp> module, lowering.lower(model, target, Phase::Plan));
    if (plan.variants.empty())
      describePlan(*module, plan);
    plan.variants.push_back(planOf(findVariant(*module)));
  }
  return plan;
}

Result<CompileReport> compileEngine(const CompileOptions &options) {
  Lowering lowering(options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  TENON_ASSIGN(OpenedModel opened, lowering.open());
  TENON_TRY(checkOutputs(options, opened.directory.files));
  if (const ModelFacts &facts = opened.family->facts(); facts.contextLimit < facts.maxPositions)
    note(options, "the model's sliding_window of " + std::to_string(facts.contextLimit) +
                      " tokens limits --max-seq: of its " + std::to_string(facts.maxPositions) +
                      " positions no more are used");
  CompileCache cache(options, lowering.jobs());
  TENON_TRY(cache.openRemote());
  cache::Fields key = cache.begin(opened.directory, opened.shape, targets);
  if (const auto found = cache.findEngine()) {
    TENON_ASSIGN(CompileReport report, writeFound(options, *found, cache, opened.directory, lowering.jobs()));
    if (!options.depfile.empty())
      TENON_TRY(writeDepfile(options.depfile, options.output, opened.directory.files));
    return report;
  }
  if (options.requireHit)
    return Status(Code::NotCached, "--require-hit: " + cache.missText());

  TENON_ASSIGN(const LoadedModel model, lowering.build(std::move(opened)));
  note(options, describeModel(model.info.family, model.info.parameters, model.shape));
  TENON_TRY(checkTokenizer(model.directory));
  if (model.directory.tokenizer.tokenizer.empty() && model.directory.weights == WeightSource::Checkpoint)
    note(options, model.directory.tokenizer.absence);
  const auto generate = [&](ModuleOp module, kernel::TargetAttr target, const schema::VariantT &,
                            const EnginePlan &plan) -> Result<codegen::CodeImage> {
    DiagnosticText diagnostics(&lowering.context());
    auto code = cache.code(module, target, plan,
                           [&] { return codegen::findTarget(target.getSpec())->compile(module, lowering.jobs()); });
    if (failed(code))
      return diagnostics.failed(Code::Internal, "generating code for " + target.getSpec().str());
    return *std::move(code);
  };
  EngineAssembly assembly(options, lowering, model, cache, std::move(key));
  for (kernel::TargetAttr target : targets) {
    TENON_TRY(assembly.add(target, generate));
    note(options, "target " + target.getSpec().str() + ": weights " + assembly.plan().weights + ", activations " +
                      assembly.plan().activations + ", kv cache " + assembly.plan().kv +
                      ", 16-bit weights multiply by " + target.getDot().str());
  }
  TENON_ASSIGN(CompileReport report, assembly.write());
  if (!options.depfile.empty())
    TENON_TRY(writeDepfile(options.depfile, options.output, model.directory.files));
  cache.share();
  return report;
}

Result<std::string> emitPhase(const CompileOptions &options, const std::string &phase) {
  Lowering lowering(options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  const bool text = phase == "llvm" || phase == "asm";
  const std::optional<Phase> last = text ? Phase::Tile : parsePhase(phase);
  if (!last) {
    std::string known;
    for (const std::string &name : phaseList())
      known += (known.empty() ? "" : ", ") + name;
    return Status(Code::Usage, "--emit=" + phase + ": expected one of " + known);
  }
  TENON_ASSIGN(const LoadedModel model, lowering.load());
  TENON_ASSIGN(OwningOpRef<ModuleOp> module, lowering.lower(model, targets.front(), *last));
  if (text) {
    DiagnosticText diagnostics(&lowering.context());
    auto printed = codegen::findTarget(targets.front().getSpec())
                       ->print(*module, phase == "llvm" ? codegen::CodeText::LLVM : codegen::CodeText::Assembly);
    if (failed(printed))
      return diagnostics.failed(Code::Internal, "generating code for " + targets.front().getSpec().str());
    return *printed;
  }
  std::string ir;
  llvm::raw_string_ostream out(ir);
  module->print(out);
  return ir + "\n";
}

std::vector<std::string> phaseList() {
  std::vector<std::string> names;
  for (StringRef name : phaseNames())
    names.push_back(name.str());
  names.insert(names.end(), {"llvm", "asm"});
  return names;
}

std::string formatList() { return weightFormatNames(); }

std::vector<std::string> targetList() {
  std::vector<std::string> names{"native"};
  for (const codegen::Target *target : codegen::allTargets())
    for (const std::string &spec : target->specs())
      names.push_back(spec);
  return names;
}

} // namespace tenon
