// tenon_session_*, tenon_generate and tenon_step.
#include "runtime/capi/Handles.h"
#include "runtime/capi/SizedStruct.h"

#include <cstring>

using namespace tenon;
using namespace tenon::capi;

namespace {

// Copies rows of logits one after the other. The caller's buffer was seen to be large enough.
struct CopyRows final : LogitsSink {
  explicit CopyRows(float *out) : out(out) {}
  void row(size_t, size_t, std::span<float> logits) override {
    std::memcpy(out, logits.data(), logits.size_bytes());
    out += logits.size();
  }
  float *out;
};

} // namespace

// The items of an array whose stride is the first one's struct_size.
static tenon_status readItems(const tenon_step_item *items, size_t count, std::vector<SessionItem> &out, size_t &rows) {
  const auto *at = reinterpret_cast<const unsigned char *>(items);
  size_t stride = count ? items->struct_size : 0;
  rows = 0;
  for (size_t i = 0; i < count; ++i, at += stride) {
    tenon_step_item item{};
    if (tenon_status status = readStruct("tenon_step_item", reinterpret_cast<const tenon_step_item *>(at), item))
      return status;
    if (!item.session || (!item.tokens && item.token_count))
      return nullArgument("tenon_step", item.session ? "items[].tokens" : "items[].session");
    if (item.logit_rows > UINT32_MAX || __builtin_add_overflow(rows, item.logit_rows, &rows))
      return tenon_fail(TENON_USAGE, "tenon_step: items[].logit_rows is larger than any step");
    out.push_back(
        {item.session->session.get(), {item.tokens, item.token_count}, static_cast<uint32_t>(item.logit_rows)});
  }
  return TENON_OK;
}

extern "C" {

tenon_status tenon_session_create(tenon_engine *engine, const tenon_sampling *sampling, tenon_session **session) {
  if (!engine)
    return nullArgument("tenon_session_create", "engine");
  if (!session)
    return nullArgument("tenon_session_create", "session");
  tenon_sampling given = TENON_SAMPLING_INIT;
  if (tenon_status status = readStruct("tenon_sampling", sampling, given))
    return status;
  SamplingParams params;
  params.temperature = given.temperature;
  params.topK = given.top_k;
  params.topP = given.top_p;
  params.minP = given.min_p;
  params.repetitionPenalty = given.repetition_penalty;
  params.seed = given.seed;
  Result<std::unique_ptr<Session>> created = Session::create(*engine->engine, params);
  if (!created.isOk())
    return report(created.status());
  ++engine->sessions;
  *session = new tenon_session{engine, *std::move(created)};
  return TENON_OK;
}

void tenon_session_free(tenon_session *session) {
  if (session)
    --session->owner->sessions;
  delete session;
}

const int32_t *tenon_session_tokens(const tenon_session *session, size_t *count) {
  std::span<const int32_t> tokens = session ? session->session->tokens() : std::span<const int32_t>();
  if (count)
    *count = tokens.size();
  return tokens.data();
}

tenon_status tenon_session_truncate(tenon_session *session, size_t length) {
  if (!session)
    return nullArgument("tenon_session_truncate", "session");
  return report(session->session->truncate(static_cast<uint32_t>(std::min<size_t>(length, UINT32_MAX))));
}

tenon_status tenon_generate(tenon_session *session, const int32_t *prompt, size_t prompt_count,
                            const tenon_generate_options *options, tenon_token_callback callback, void *user,
                            tenon_end *end) {
  if (!session)
    return nullArgument("tenon_generate", "session");
  if (!prompt && prompt_count)
    return nullArgument("tenon_generate", "prompt");
  tenon_generate_options given = TENON_GENERATE_OPTIONS_INIT;
  if (tenon_status status = readStruct("tenon_generate_options", options, given))
    return status;
  GenerateOptions settings;
  settings.maxTokens = given.max_tokens;
  settings.stopTokens = given.stop_tokens ? std::span(given.stop_tokens, given.stop_token_count)
                                          : stopTokensOf(session->session->engine());
  Result<GenerateEnd> result =
      session->session->generate({prompt, prompt_count}, settings,
                                 [callback, user](int32_t token) { return !callback || callback(user, token) == 0; });
  if (!result.isOk())
    return report(result.status());
  static_assert(TENON_END_STOP_TOKEN == static_cast<int>(GenerateEnd::StopToken));
  static_assert(TENON_END_MAX_TOKENS == static_cast<int>(GenerateEnd::MaxTokens));
  static_assert(TENON_END_CONTEXT_FULL == static_cast<int>(GenerateEnd::ContextFull));
  static_assert(TENON_END_CANCELLED == static_cast<int>(GenerateEnd::Cancelled));
  if (end)
    *end = static_cast<tenon_end>(*result);
  return TENON_OK;
}

tenon_status tenon_step(tenon_engine *engine, const tenon_step_item *items, size_t item_count, float *logits,
                        size_t logit_capacity) {
  if (!engine)
    return nullArgument("tenon_step", "engine");
  if (!items && item_count)
    return nullArgument("tenon_step", "items");
  std::vector<SessionItem> read;
  size_t rows;
  if (tenon_status status = readItems(items, item_count, read, rows))
    return status;
  if (rows > logit_capacity)
    return tenon_fail(TENON_USAGE, ("tenon_step: the items ask for " + std::to_string(rows) +
                                    " rows of logits, the buffer holds " + std::to_string(logit_capacity))
                                       .c_str());
  if (rows && !logits)
    return nullArgument("tenon_step", "logits");
  CopyRows copy(logits);
  return report(stepSessions(*engine->engine, read, copy));
}

tenon_status tenon_session_sample(tenon_session *session, float *logits, int32_t *token) {
  if (!session)
    return nullArgument("tenon_session_sample", "session");
  if (!logits)
    return nullArgument("tenon_session_sample", "logits");
  if (!token)
    return nullArgument("tenon_session_sample", "token");
  *token = session->session->sampler().sample({logits, session->session->engine().limits().vocab});
  return TENON_OK;
}

} // extern "C"
