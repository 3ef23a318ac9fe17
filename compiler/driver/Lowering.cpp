#include "compiler/driver/Lowering.h"

#include "compiler/driver/DiagnosticText.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "passes/Target.h"
#include "passes/quant/FormatRecipe.h"
#include "runtime/base/Cores.h"
#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/device/cpu/Topology.h"

#include <algorithm>

using namespace mlir;

namespace tenon {
namespace {

std::vector<int32_t> firstNonEmpty(const std::vector<int64_t> &a, const std::vector<int64_t> &b) {
  const std::vector<int64_t> &ids = a.empty() ? b : a;
  return {ids.begin(), ids.end()};
}

// What the engine says of its model: read off the module, so that it holds for any family.
schema::ModelInfoT modelInfo(ModuleOp module, const ModelFacts &facts, const ModelDirectory &directory) {
  schema::ModelInfoT info;
  info.family = facts.family;
  info.name = facts.modelType;
  info.vocab = static_cast<uint32_t>(facts.vocab);
  info.config = directory.configText;
  for (auto weight : module.getOps<model::WeightOp>())
    if (isa<model::CheckpointAttr>(weight.getSource()))
      info.parameters += static_cast<uint64_t>(weight.getSourceType().getNumElements());
  for (auto cache : module.getOps<model::CacheOp>()) {
    (void)cache;
    ++info.layers;
  }
  module.walk([&](model::AttentionOp op) { info.heads = static_cast<uint32_t>(op.getHeads()); });
  module.walk([&](model::EmbeddingOp op) {
    info.hidden = static_cast<uint32_t>(cast<RankedTensorType>(op.getType()).getDimSize(1));
  });
  const Generation &generation = directory.generation;
  info.bos_ids = firstNonEmpty(generation.bosIds, facts.bosIds);
  info.eos_ids = firstNonEmpty(generation.eosIds, facts.eosIds);
  info.do_sample = generation.doSample.value_or(false);
  info.temperature = static_cast<float>(generation.temperature.value_or(1.0));
  info.top_k = static_cast<int32_t>(generation.topK.value_or(0));
  info.top_p = static_cast<float>(generation.topP.value_or(1.0));
  return info;
}

// Messages about files name them as they stand in the model's folder: which folder that is goes before.
Status inModel(Status status, const std::string &source) {
  if (status.isOk() || status.message().find(source) != std::string::npos)
    return status;
  const std::string name = source.substr(source.rfind('/') + 1); // npos + 1 == 0: all of it
  const std::string file = name.substr(name.find(':') + 1);      // of random:CONFIG.json
  if (!file.empty() && status.message().starts_with(file + ":"))
    return Status(status.code(), source + status.message().substr(file.size()));
  return std::move(status).within(source);
}

codegen::Host hostOf(const cpu::HostFeatures &features) { return {features.arch, features.features}; }

} // namespace

Lowering::Lowering(const CompileOptions &options)
    : options_(options), jobs_(options.jobs ? options.jobs : coreCount()), threads_(llvm::hardware_concurrency(jobs_)) {
  DialectRegistry registry;
  registry
      .insert<func::FuncDialect, model::ModelDialect, kernel::KernelDialect, qt::QtDialect, engine::EngineDialect>();
  for (const codegen::Target *target : codegen::allTargets())
    target->registerDialects(registry);
  context_ = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context_->setThreadPool(threads_);
  context_->loadAllAvailableDialects();
}

Result<OpenedModel> Lowering::open() {
  DiagnosticText mistakes(context_.get());
  auto atFlag = [&] { return emitError(UnknownLoc::get(context_.get())); };
  if (failed(FormatRecipe::parse(context_.get(), options_.quant, atFlag)))
    return mistakes.failed(Code::Usage, "--quant");
  auto opened = ModelDirectory::open(options_.model);
  if (!opened.isOk())
    return inModel(std::move(opened).status(), options_.model);
  ModelDirectory directory = *std::move(opened);
  auto read = readModel(directory.config);
  if (!read.isOk())
    return inModel(std::move(read).status(), options_.model);
  std::unique_ptr<FamilyModel> family = *std::move(read);
  const ModelFacts &facts = family->facts();
  TENON_TRY(inModel(checkTokenIds(directory.generation, facts.vocab), options_.model));
  TENON_ASSIGN(ShapeChoice shape, chooseShapes(options_, static_cast<uint64_t>(facts.maxPositions),
                                               static_cast<uint64_t>(facts.contextLimit)));
  return OpenedModel{std::move(directory), std::move(shape), std::move(family)};
}

Result<LoadedModel> Lowering::build(OpenedModel opened) {
  BuildOptions build;
  build.maxContext = opened.shape.maxContext;
  build.maxSequences = opened.shape.maxSequences;
  build.pageTokens = opened.shape.pageTokens;
  build.pages = opened.shape.pages;
  DiagnosticText diagnostics(context_.get());
  Result<OwningOpRef<ModuleOp>> built = opened.family->build(*context_, opened.directory, build);
  if (!built.isOk())
    return inModel(diagnostics.explained(std::move(built).status()), options_.model);
  OwningOpRef<ModuleOp> module = *std::move(built);
  auto atFlag = [&] { return emitError(UnknownLoc::get(context_.get())); };
  FailureOr<FormatRecipe> recipe = FormatRecipe::parse(context_.get(), options_.quant, atFlag);
  FailureOr<std::vector<WeightChoice>> choices =
      failed(recipe) ? FailureOr<std::vector<WeightChoice>>() : recipe->choose(*module, atFlag);
  if (failed(choices))
    return diagnostics.failed(Code::Usage, "--quant");
  if (options_.activations == "int8" &&
      llvm::none_of(*choices, [](const WeightChoice &choice) { return isa<qt::QuantizedType>(choice.elementType); }))
    return Status(Code::Usage, "--activations int8: no weight is quantized, and rows are for quantized weights only; "
                               "give a --quant such as int8_wo too, or leave --activations out");
  schema::ModelInfoT info = modelInfo(*module, opened.family->facts(), opened.directory);
  return LoadedModel{std::move(opened.directory), std::move(opened.shape), std::move(info), std::move(module)};
}

Result<LoadedModel> Lowering::load() {
  TENON_ASSIGN(OpenedModel opened, open());
  return build(std::move(opened));
}

Result<std::vector<kernel::TargetAttr>> Lowering::targets() {
  std::vector<kernel::TargetAttr> resolved;
  for (const std::string &spec : options_.targets) {
    const std::string full = spec == "native" ? "cpu:native" : spec;
    const codegen::Target *target = codegen::findTarget(full);
    if (!target) {
      std::string known;
      for (const codegen::Target *t : codegen::allTargets())
        for (const std::string &name : t->specs())
          known += (known.empty() ? "" : ", ") + name;
      return Status(Code::Usage, "--target " + spec + ": expected one of " + known);
    }
    DiagnosticText diagnostics(context_.get());
    auto attr = target->resolve(context_.get(), full, hostOf(cpu::HostFeatures::get()),
                                [&] { return emitError(UnknownLoc::get(context_.get())); });
    if (failed(attr))
      return diagnostics.failed(Code::Usage, "--target " + spec);
    if (std::find(resolved.begin(), resolved.end(), *attr) == resolved.end())
      resolved.push_back(*attr);
  }
  return resolved;
}

Result<OwningOpRef<ModuleOp>> Lowering::lower(const LoadedModel &model, kernel::TargetAttr target, Phase last) {
  OwningOpRef<ModuleOp> module(cast<ModuleOp>((*model.module)->clone()));
  (*module)->setAttr(kTargetAttribute, target);
  PipelineOptions options;
  options.formats.weights = options_.quant;
  options.formats.activations = options_.activations;
  options.formats.kv = options_.kv;
  options.steps.bodyRows.assign(model.shape.bodyRows.begin(), model.shape.bodyRows.end());
  options.steps.headRows.assign(model.shape.headRows.begin(), model.shape.headRows.end());
  PassManager passes(context_.get());
  addPhases(passes, options, last);
  DiagnosticText diagnostics(context_.get());
  if (failed(passes.run(*module)))
    return diagnostics.failed(Code::Internal, "compiling for " + target.getSpec().str());
  return module;
}

} // namespace tenon
