#include "compiler/driver/Compiler.h"

#include "compiler/driver/CompileCache.h"
#include "compiler/driver/Depfile.h"
#include "compiler/driver/Describe.h"
#include "compiler/driver/DiagnosticText.h"
#include "compiler/driver/KeyFields.h"
#include "compiler/driver/Lowering.h"
#include "compiler/driver/WeightJobs.h"
#include "compiler/emit/EngineWriter.h"
#include "compiler/emit/VariantTable.h"
#include "dialects/model/Model.h"
#include "passes/quant/FormatRecipe.h"
#include "runtime/io/OutputFile.h"
#include "runtime/text/Tokenizer.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tenon {
namespace {

std::unique_ptr<schema::KvGeometryT> kvGeometry(ModuleOp module) {
  auto geometry = std::make_unique<schema::KvGeometryT>();
  for (auto cache : module.getOps<model::CacheOp>()) {
    auto type = cast<model::CacheType>(cache.getType());
    ++geometry->layers;
    geometry->kv_heads = type.getKvHeads();
    geometry->head_dim = type.getHeadDim();
    geometry->page_tokens = type.getPageTokens();
    geometry->pages = type.getPages();
    geometry->dtype = emit::schemaType(type.getElementType());
  }
  return geometry;
}

std::unique_ptr<schema::ShapeKeyT> shapeKey(const ShapeChoice &shape) {
  auto key = std::make_unique<schema::ShapeKeyT>();
  key->body_rows = shape.bodyRows;
  key->head_rows = shape.headRows;
  key->max_sequences = shape.maxSequences;
  key->max_context = shape.maxContext;
  return key;
}

void addText(std::vector<emit::Blob> &blobs, schema::SegmentKind kind, const char *name, const std::string &text) {
  if (!text.empty())
    blobs.push_back({kind, name, {text.begin(), text.end()}});
}

bool sameWeights(const WeightTable &a, const WeightTable &b) {
  if (a.bytes != b.bytes || a.entries.size() != b.entries.size())
    return false;
  for (size_t i = 0; i < a.entries.size(); ++i)
    if (a.entries[i]->name != b.entries[i]->name || a.entries[i]->dtype != b.entries[i]->dtype ||
        a.entries[i]->layout != b.entries[i]->layout ||
        a.entries[i]->slice->offset() != b.entries[i]->slice->offset() ||
        a.entries[i]->slice->bytes() != b.entries[i]->slice->bytes())
      return false;
  return true;
}

void note(const CompileOptions &options, const std::string &text) {
  if (options.note)
    options.note(text);
}

// What the runtime could not read is refused here, where it can be mended.
Status checkTokenizer(const ModelDirectory &directory) {
  const TokenizerFiles &files = directory.tokenizer;
  if (files.tokenizer.empty())
    return Status::ok();
  Status status = text::Tokenizer::parse(files.tokenizer, files.tokenizerConfig).status();
  // A GGUF file's metadata were made into that text.
  return directory.files.size() == 1 ? std::move(status).within(directory.source + ", as tokenizer.json")
                                     : std::move(status).within(directory.source);
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

// Lowers for every target, generates code, and gathers all that goes into the file.
class EngineAssembly {
public:
  // `engine` are the fields of the engine's key.
  EngineAssembly(const CompileOptions &options, Lowering &lowering, const LoadedModel &model, CompileCache &cache,
                 cache::Fields engine)
      : options_(options), lowering_(lowering), model_(model), cache_(cache), engine_(std::move(engine)),
        plan_(describe(model)) {}

  Status add(kernel::TargetAttr target) {
    TENON_ASSIGN(OwningOpRef<ModuleOp> lowered, lowering_.lower(model_, target, Phase::Plan));
    ModuleOp module = *lowered;
    engine::VariantOp variant = findVariant(module);
    plan_.variants.push_back(planOf(variant));
    TENON_ASSIGN(WeightTable table, weightTable(module, model_.directory));
    if (parts_.blobs.empty()) {
      describePlan(module, plan_);
      parts_.metadata.kv = kvGeometry(module);
      weights_ = std::move(table);
      module_ = std::move(lowered);
    } else if (!sameWeights(weights_, table)) {
      return Status(Code::Constraint,
                    "the targets " + plan_.variants[0].target + " and " + plan_.variants.back().target +
                        " store weights differently, so one engine cannot serve both; compile them apart");
    }
    DiagnosticText diagnostics(&lowering_.context());
    auto code = cache_.code(module, target, plan_,
                            [&] { return codegen::findTarget(target.getSpec())->compile(module, lowering_.jobs()); });
    if (failed(code))
      return diagnostics.failed(Code::Internal, "generating code for " + target.getSpec().str());
    variants_.push_back(emit::variantTable(variant, target, static_cast<uint32_t>(parts_.blobs.size())));
    parts_.blobs.push_back({schema::SegmentKind::Code, "code " + target.getSpec().str(), {code->begin(), code->end()}});
    return Status::ok();
  }

  Result<CompileReport> write() {
    const TokenizerFiles &files = model_.directory.tokenizer;
    addText(parts_.blobs, schema::SegmentKind::Tokenizer, "tokenizer.json", files.tokenizer);
    addText(parts_.blobs, schema::SegmentKind::TokenizerConfig, "tokenizer_config.json", files.tokenizerConfig);
    addText(parts_.blobs, schema::SegmentKind::ChatTemplate, "chat_template.jinja", files.chatTemplate);
    schema::EngineT &metadata = parts_.metadata;
    metadata.compiler = compilerIdentity();
    metadata.model = std::make_unique<schema::ModelInfoT>(model_.info);
    metadata.shape = shapeKey(model_.shape);
    metadata.options = resolvedOptions(engine_, plan_);
    metadata.key_fields = keyFields(engine_, plan_, variants_);
    auto rank = std::make_unique<schema::RankT>();
    rank->weight_bytes = weights_.bytes;
    rank->weights = std::move(weights_.entries);
    rank->variants = std::move(variants_);
    metadata.ranks.push_back(std::move(rank));
    parts_.weights = std::move(weights_.jobs);
    parts_.weightBytes = weights_.bytes;
    parts_.sparse = model_.directory.weights == WeightSource::Zeros;
    parts_.externalWeights = options_.externalWeights;

    weights::PackOptions packing;
    packing.workers = lowering_.jobs();
    packing.maxMemory = options_.maxMemory;
    if (options_.progress)
      packing.onProgress = [this](uint64_t done, uint64_t total) { options_.progress("packing weights", done, total); };
    TENON_ASSIGN(parts_.stored, cache_.weights(*module_, model_.directory, parts_, packing));
    TENON_ASSIGN(const emit::WrittenEngine written, emit::writeEngine(options_.output, parts_, packing));
    cache_.noteTransfer(written.transfer);
    cache_.storeEngine(written.head, plan_);
    return CompileReport{std::move(plan_), written.bytes, written.weightsFile, emit::transferName(written.transfer),
                         cache_.takeReport()};
  }

  const EnginePlan &plan() const { return plan_; }

private:
  const CompileOptions &options_;
  Lowering &lowering_;
  const LoadedModel &model_;
  CompileCache &cache_;
  cache::Fields engine_;
  EnginePlan plan_;
  emit::EngineParts parts_;
  OwningOpRef<ModuleOp> module_; // planned for the first target
  WeightTable weights_;          // of the first target, and so of all
  std::vector<std::unique_ptr<schema::VariantT>> variants_;
};

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
  TENON_TRY(io::checkOutput(options.output, opened.directory.files));
  if (!options.depfile.empty()) {
    TENON_TRY(io::checkOutput(options.depfile, opened.directory.files));
    TENON_TRY(io::checkDistinct(options.depfile, options.output));
  }
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
  EngineAssembly assembly(options, lowering, model, cache, std::move(key));
  for (kernel::TargetAttr target : targets) {
    TENON_TRY(assembly.add(target));
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
