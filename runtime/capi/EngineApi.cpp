// tenon_engine_*: opening and describing engines.
#include "runtime/capi/Handles.h"
#include "runtime/capi/SizedStruct.h"

using namespace tenon;
using namespace tenon::capi;

// `source`: a path, or the engine's bytes.
template <typename Source>
static tenon_status open(const Source &source, const tenon_engine_options *options, tenon_engine **engine) {
  tenon_engine_options given = TENON_ENGINE_OPTIONS_INIT;
  if (tenon_status status = readStruct("tenon_engine_options", options, given))
    return status;
  EngineOptions settings;
  settings.threads = given.threads;
  settings.verifyWeights = given.verify_weights != 0;
  if (given.cpus) {
    Result<cpu::CpuList> cpus = cpu::parseCpuList(given.cpus);
    if (!cpus.isOk())
      return report(cpus.status());
    settings.cpus = *std::move(cpus);
  }
  settings.skipWeightDigests = given.skip_weight_digests != 0;
  if (given.require_signature) {
    Result<trust::PublicKeys> keys = trust::readPublicKeys(given.require_signature);
    if (!keys.isOk())
      return report(keys.status());
    settings.signers = *std::move(keys);
  }
  Result<std::unique_ptr<Engine>> opened = Engine::open(source, settings);
  if (!opened.isOk())
    return report(opened.status());
  *engine = new tenon_engine{*std::move(opened)};
  return TENON_OK;
}

extern "C" {

tenon_status tenon_engine_open(const char *path, const tenon_engine_options *options, tenon_engine **engine) {
  if (!path)
    return nullArgument("tenon_engine_open", "path");
  if (!engine)
    return nullArgument("tenon_engine_open", "engine");
  return open(std::string(path), options, engine);
}

tenon_status tenon_engine_open_memory(const void *bytes, size_t size, const tenon_engine_options *options,
                                      tenon_engine **engine) {
  if (!bytes)
    return nullArgument("tenon_engine_open_memory", "bytes");
  if (!engine)
    return nullArgument("tenon_engine_open_memory", "engine");
  return open(std::span(static_cast<const uint8_t *>(bytes), size), options, engine);
}

void tenon_engine_close(tenon_engine *engine) {
  assert((!engine || engine->sessions == 0) && "free the sessions first");
  delete engine;
}

tenon_status tenon_engine_get_info(const tenon_engine *engine, tenon_engine_info *info) {
  if (!engine)
    return nullArgument("tenon_engine_get_info", "engine");
  if (!info)
    return nullArgument("tenon_engine_get_info", "info");
  const Engine &opened = *engine->engine;
  const schema::ModelInfo &model = *opened.file().metadata().model();
  EngineLimits limits = opened.limits();
  MemoryUse memory = opened.memory();
  std::span<const int32_t> stops = stopTokensOf(opened);
  tenon_engine_info values{};
  values.family = model.family()->c_str();
  values.name = model.name() ? model.name()->c_str() : "";
  values.target = opened.variant().target()->c_str();
  values.vocab = limits.vocab;
  values.max_sequences = limits.maxSequences;
  values.max_context = limits.maxContext;
  values.max_rows = limits.maxRows;
  values.page_tokens = limits.pageTokens;
  values.pages = limits.pages;
  values.free_pages = opened.freePages();
  values.threads = opened.threads();
  values.weight_bytes = memory.weights;
  values.kv_bytes = memory.kv;
  values.io_bytes = memory.io;
  values.arena_bytes = memory.arena;
  values.stop_tokens = stops.data();
  values.stop_token_count = stops.size();
  return writeStruct("tenon_engine_info", values, info);
}

const char *tenon_engine_document(const tenon_engine *engine, tenon_document document, size_t *size) {
  std::string_view text;
  const EngineFile *file = engine ? &engine->engine->file() : nullptr;
  if (file) {
    switch (document) {
    case TENON_TOKENIZER:
      text = file->text(schema::SegmentKind::Tokenizer);
      break;
    case TENON_TOKENIZER_CONFIG:
      text = file->text(schema::SegmentKind::TokenizerConfig);
      break;
    case TENON_CHAT_TEMPLATE:
      text = file->text(schema::SegmentKind::ChatTemplate);
      break;
    case TENON_MODEL_CONFIG:
      text = file->metadata().model()->config()->string_view();
      break;
    }
  }
  if (size)
    *size = text.size();
  return text.empty() ? nullptr : text.data();
}

tenon_status tenon_engine_default_sampling(const tenon_engine *engine, tenon_sampling *sampling) {
  if (!engine)
    return nullArgument("tenon_engine_default_sampling", "engine");
  if (!sampling)
    return nullArgument("tenon_engine_default_sampling", "sampling");
  SamplingParams params = defaultSampling(*engine->engine);
  tenon_sampling values = TENON_SAMPLING_INIT;
  values.temperature = params.temperature;
  values.top_k = params.topK;
  values.top_p = params.topP;
  return writeStruct("tenon_sampling", values, sampling);
}

} // extern "C"
