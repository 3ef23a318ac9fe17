#include "compiler/driver/EngineAssembly.h"

#include "compiler/driver/Describe.h"
#include "compiler/driver/KeyFields.h"
#include "compiler/emit/VariantTable.h"
#include "dialects/model/Model.h"

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

} // namespace

EngineAssembly::EngineAssembly(const CompileOptions &options, Lowering &lowering, const LoadedModel &model,
                               CompileCache &cache, cache::Fields engine)
    : options_(options), lowering_(lowering), model_(model), cache_(cache), engine_(std::move(engine)),
      plan_(describe(model)) {}

Status EngineAssembly::add(kernel::TargetAttr target, const CodeSource &source) {
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
  variants_.push_back(emit::variantTable(variant, target, static_cast<uint32_t>(parts_.blobs.size())));
  TENON_ASSIGN(const codegen::CodeImage code, source(module, target, *variants_.back(), plan_));
  parts_.blobs.push_back({schema::SegmentKind::Code, "code " + target.getSpec().str(), {code.begin(), code.end()}});
  return Status::ok();
}

Result<CompileReport> EngineAssembly::write() {
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

} // namespace tenon
