#include "compiler/driver/CacheKeys.h"

#include "compiler/cache/BuildIdentity.h"
#include "compiler/driver/KeyFields.h"
#include "compiler/driver/SourceDigest.h"
#include "passes/plan/WeightLayout.h"
#include "runtime/base/Bytes.h"
#include "runtime/engine/MadeBy.h"
#include "runtime/schema/EngineHeader.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tenon {
namespace {

using cache::Fields;

std::string listText(const auto &values) {
  std::string text;
  for (const auto &v : values)
    text += (text.empty() ? "" : ",") + std::to_string(v);
  return text.empty() ? "none" : text;
}

std::string optionalText(const auto &value) {
  if (!value)
    return "none";
  // Every bit of a number counts, so it is printed as it is stored.
  if constexpr (std::is_same_v<std::decay_t<decltype(*value)>, double>) {
    char text[48];
    std::snprintf(text, sizeof text, "%a", *value);
    return text;
  } else {
    return std::to_string(*value);
  }
}

std::string digestText(const std::string &text) {
  return text.empty() ? "none" : "blake2b:" + toHex(digestOf(bytesOf(text)));
}

std::string sourceText(WeightSource source) {
  switch (source) {
  case WeightSource::Checkpoint:
    return "checkpoint";
  case WeightSource::Random:
    return "random";
  case WeightSource::Zeros:
    break;
  }
  return "zeros";
}

// Names, types and shapes of the checkpoint's tensors.
std::string tensorTable(const ModelDirectory &directory) {
  if (!directory.checkpoint)
    return "none";
  std::string text;
  for (const TensorInfo &tensor : directory.checkpoint->tensors())
    text += tensor.name + " " + std::string(name(tensor.type)) + " " + shapeText(tensor.shape) + "\n";
  return digestText(text);
}

enum : unsigned { None = 0, Engine = 1, Code = 2, Weights = 4 };

class Rows {
public:
  explicit Rows(std::string owner) : owner_(std::move(owner)) {}
  // `unused` is the member itself: naming it in its row keeps struct and table in one order.
  Rows &add(const auto &unused, const char *member, const char *name, unsigned reach, const char *why,
            Fields fields = {}) {
    (void)unused;
    rows_.push_back({owner_, member, name, (reach & Engine) != 0, (reach & Code) != 0, (reach & Weights) != 0, why,
                     std::move(fields)});
    return *this;
  }
  std::vector<KeyRow> take() { return std::move(rows_); }

private:
  std::string owner_;
  std::vector<KeyRow> rows_;
};

std::vector<KeyRow> optionRows(const CompileOptions &options) {
  const auto &[model, output, targets, quant, kv, activations, maxBatch, maxSeq, pageTokens, kvTokens, stepTokens,
               logitRows, externalWeights, jobs, maxMemory, depfile, cache, cacheSize, cacheReadOnly, requireHit,
               cacheRemote, cacheRemoteKey, cacheRemoteTrust, cacheRemoteTimeout, note, warn, progress] = options;
  const char *shaped = "as the shape that is chosen from it: ShapeChoice";
  const char *handling = "says what is done with the cache, not what is compiled";
  return Rows("CompileOptions")
      .add(model, "model", "MODEL", None, "a path; what it holds counts: ModelDirectory")
      .add(output, "output", "-o", None, "a path")
      .add(targets, "targets", "--target", Engine | Code,
           "as target.N, the resolved instruction set; `native` is what it stands for on this machine. All targets "
           "store weights in one way")
      .add(quant, "quant", "--quant", Engine | Code | Weights, "as it was asked for; the engine repeats it",
           {{"option.quant", quant}})
      .add(kv, "kv", "--kv", Engine | Code, "as it was asked for", {{"option.kv", kv}})
      .add(activations, "activations", "--activations", Engine | Code, "as it was asked for",
           {{"option.activations", activations}})
      .add(maxBatch, "maxBatch", "--max-batch", Engine | Code, shaped)
      .add(maxSeq, "maxSeq", "--max-seq", Engine | Code | Weights, "as the shape; the table of rope angles is a weight")
      .add(pageTokens, "pageTokens", "--page-tokens", Engine | Code, shaped)
      .add(kvTokens, "kvTokens", "--kv-tokens", Engine | Code, shaped)
      .add(stepTokens, "stepTokens", "--step-tokens", Engine | Code, shaped)
      .add(logitRows, "logitRows", "--logit-rows", Engine | Code, shaped)
      .add(externalWeights, "externalWeights", "--weights", Engine, "where the weights lie; they are the same",
           {{"option.weights", externalWeights ? "external" : "inside"}})
      .add(jobs, "jobs", "--jobs", None, "the bytes are the same for any number of threads")
      .add(maxMemory, "maxMemory", "--max-memory", None, "the bytes are the same for any bound")
      .add(depfile, "depfile", "--depfile", None, "a path")
      .add(cache, "cache", "--cache", None, handling)
      .add(cacheSize, "cacheSize", "--cache-size", None, handling)
      .add(cacheReadOnly, "cacheReadOnly", "--cache-readonly", None, handling)
      .add(requireHit, "requireHit", "--require-hit", None, handling)
      .add(cacheRemote, "cacheRemote", "--cache-remote", None, handling)
      .add(cacheRemoteKey, "cacheRemoteKey", "--cache-remote-key", None, "says who signs entries, not what they hold")
      .add(cacheRemoteTrust, "cacheRemoteTrust", "--cache-remote-trust", None,
           "says whose entries are taken, not what they hold")
      .add(cacheRemoteTimeout, "cacheRemoteTimeout", "--cache-remote-timeout", None, handling)
      .add(note, "note", "", None, "messages")
      .add(warn, "warn", "", None, "messages")
      .add(progress, "progress", "", None, "messages")
      .take();
}

std::vector<KeyRow> modelRows(const ModelDirectory &directory) {
  const auto &[source, weights, configText, config, generation, checkpoint, tokenizer, files] = directory;
  return Rows("ModelDirectory")
      .add(source, "source", "MODEL", None, "a path")
      .add(weights, "weights", "random:, zeros:", Engine | Weights, "where weights come from",
           {{"model.source", sourceText(weights)}})
      .add(configText, "configText", "config.json", Engine | Code | Weights, "every byte: the engine holds it",
           {{"model.config", digestText(configText)}})
      .add(config, "config", "config.json", None, "the same text, parsed")
      .add(generation, "generation", "generation_config.json", Engine, "by its members: Generation")
      .add(checkpoint, "checkpoint", "*.safetensors, *.gguf", Engine | Code | Weights,
           "names, types and shapes of the tensors, and every byte of the files as model.file.N; their names do not "
           "count. Of code: only what types and shapes make of it",
           {{"model.tensors", tensorTable(directory)}})
      .add(tokenizer, "tokenizer", "tokenizer files", Engine, "by its members: TokenizerFiles")
      .add(files, "files", "", None, "paths of the above")
      .take();
}

std::vector<KeyRow> tokenizerRows(const TokenizerFiles &tokenizerFiles) {
  const auto &[tokenizer, tokenizerConfig, specialTokensMap, chatTemplate, absence] = tokenizerFiles;
  return Rows("TokenizerFiles")
      .add(tokenizer, "tokenizer", "tokenizer.json", Engine, "every byte: the engine holds it",
           {{"model.tokenizer", digestText(tokenizer)}})
      .add(tokenizerConfig, "tokenizerConfig", "tokenizer_config.json", Engine, "every byte: the engine holds it",
           {{"model.tokenizer_config", digestText(tokenizerConfig)}})
      .add(specialTokensMap, "specialTokensMap", "special_tokens_map.json", Engine, "every byte: it is read",
           {{"model.special_tokens_map", digestText(specialTokensMap)}})
      .add(chatTemplate, "chatTemplate", "chat_template.jinja", Engine, "every byte: the engine holds it",
           {{"model.chat_template", digestText(chatTemplate)}})
      .add(absence, "absence", "", None, "a message")
      .take();
}

std::vector<KeyRow> generationRows(const Generation &generation) {
  const auto &[bosIds, eosIds, padIds, doSample, temperature, topP, minP, topK, repetitionPenalty] = generation;
  const char *why = "its value: the engine's defaults for sampling are made of these";
  return Rows("Generation")
      .add(bosIds, "bosIds", "bos_token_id", Engine, why, {{"generation.bos", listText(bosIds)}})
      .add(eosIds, "eosIds", "eos_token_id", Engine, why, {{"generation.eos", listText(eosIds)}})
      .add(padIds, "padIds", "pad_token_id", Engine, why, {{"generation.pad", listText(padIds)}})
      .add(doSample, "doSample", "do_sample", Engine, why, {{"generation.do_sample", optionalText(doSample)}})
      .add(temperature, "temperature", "temperature", Engine, why,
           {{"generation.temperature", optionalText(temperature)}})
      .add(topP, "topP", "top_p", Engine, why, {{"generation.top_p", optionalText(topP)}})
      .add(minP, "minP", "min_p", Engine, why, {{"generation.min_p", optionalText(minP)}})
      .add(topK, "topK", "top_k", Engine, why, {{"generation.top_k", optionalText(topK)}})
      .add(repetitionPenalty, "repetitionPenalty", "repetition_penalty", Engine, why,
           {{"generation.repetition_penalty", optionalText(repetitionPenalty)}})
      .take();
}

std::vector<KeyRow> shapeRows(const ShapeChoice &shape) {
  const auto &[maxSequences, maxContext, pageTokens, pages, bodyRows, headRows] = shape;
  return Rows("ShapeChoice")
      .add(maxSequences, "maxSequences", "--max-batch", Engine | Code, "sequences at once",
           {{"shape.max-batch", std::to_string(maxSequences)}})
      .add(maxContext, "maxContext", "--max-seq", Engine | Code | Weights, "tokens of one sequence",
           {{"shape.max-seq", std::to_string(maxContext)}})
      .add(pageTokens, "pageTokens", "--page-tokens", Engine | Code, "tokens of one KV page",
           {{"shape.page-tokens", std::to_string(pageTokens)}})
      .add(pages, "pages", "--kv-tokens", Engine | Code, "KV pages of all sequences together",
           {{"shape.kv-tokens", std::to_string(uint64_t(pages) * pageTokens)}})
      .add(bodyRows, "bodyRows", "--step-tokens", Engine | Code, "row buckets of the body",
           {{"shape.step-tokens", listText(bodyRows)}})
      .add(headRows, "headRows", "--logit-rows", Engine | Code, "row buckets of the head",
           {{"shape.logit-rows", listText(headRows)}})
      .take();
}

std::string printed(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

// The planned module but for where weights come from and how they are made: of a weight, code knows the symbol, the
// stored type and (in launches) the place.
std::string codeText(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  // Printed at one go, so that aliases are printed once and with what they stand for.
  OwningOpRef<ModuleOp> rest(cast<ModuleOp>(module->clone()));
  for (auto weight : llvm::make_early_inc_range(rest->getOps<model::WeightOp>())) {
    out << "weight @" << weight.getSymName() << " : " << weight.getTensorType() << "\n";
    weight.erase();
  }
  rest->print(out);
  return text;
}

// The bytes that a weight's source reads.
Result<std::string> sourceBytes(model::CheckpointAttr source, const ModelDirectory &directory,
                                const SourceDigests &sources) {
  TENON_ASSIGN(const TensorInfo *tensor, directory.checkpoint->require(source.getName(), source.getType().getShape()));
  return "file blake3:" + toHex(sources.at(tensor->file)) + " at " + std::to_string(tensor->offset) + " of " +
         std::to_string(tensor->bytes) + " as " + std::string(name(tensor->type)) + " heads " +
         std::to_string(tensor->interleavedHeads);
}

} // namespace

std::vector<KeyRow> keyRows(const CompileOptions &options, const ModelDirectory &directory, const ShapeChoice &shape) {
  std::vector<KeyRow> rows = optionRows(options);
  for (std::vector<KeyRow> more : {shapeRows(shape), modelRows(directory), tokenizerRows(directory.tokenizer),
                                   generationRows(directory.generation)})
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return rows;
}

Fields engineFields(const CompileOptions &options, const ModelDirectory &directory, const ShapeChoice &shape,
                    const std::vector<kernel::TargetAttr> &targets, const SourceDigests &sources) {
  Fields fields = cache::buildIdentity();
  fields["compiler"] = compilerIdentity();
  fields[std::string(kSourcesField)] = sourceDigest();
  fields["engine.format"] = std::to_string(kFormatMajor) + "." + std::to_string(kFormatMinor);
  for (const KeyRow &row : keyRows(options, directory, shape))
    fields.insert(row.fields.begin(), row.fields.end());
  for (size_t i = 0; i < targets.size(); ++i) {
    fields["target." + std::to_string(i)] = targets[i].getSpec().str();
    fields["target." + std::to_string(i) + ".resolved"] = printed(targets[i]);
  }
  for (size_t i = 0; i < sources.size(); ++i)
    fields["model.file." + std::to_string(i)] = "blake3:" + toHex(sources[i]);
  return fields;
}

Fields codeFields(ModuleOp module, kernel::TargetAttr target) {
  Fields fields = cache::buildIdentity();
  fields["compiler"] = compilerIdentity();
  fields["target"] = target.getSpec().str();
  fields["target.resolved"] = printed(target);
  fields["module"] = "blake3:" + cache::blake3Hex(codeText(module));
  return fields;
}

Result<Fields> weightFields(ModuleOp module, const ModelDirectory &directory, const SourceDigests &sources) {
  Fields fields = cache::buildIdentity();
  fields["compiler"] = compilerIdentity();
  fields["model.source"] = sourceText(directory.weights);
  const WeightLayout layout = layOutWeights(module);
  AsmState state(module, OpPrintingFlags().useLocalScope()); // once: it numbers the whole module
  fields["segment.bytes"] = std::to_string(layout.bytes);
  for (const PlacedWeight &place : layout.weights) {
    model::WeightOp weight = place.weight;
    std::string text;
    llvm::raw_string_ostream out(text);
    weight->print(out, state);
    out << " at " << place.offset << " of " << place.bytes;
    if (auto source = dyn_cast<model::CheckpointAttr>(weight.getSource()); source && directory.checkpoint) {
      TENON_ASSIGN(const std::string bytes, sourceBytes(source, directory, sources));
      text += " from " + bytes;
    }
    fields["weight." + weight.getSymName().str()] = text;
  }
  return fields;
}

bool isRecorded(std::string_view field) {
  return !field.starts_with("build.") && !field.starts_with("model.file.") && !field.ends_with(".resolved");
}

} // namespace tenon
