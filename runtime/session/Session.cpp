#include "runtime/session/Session.h"

#include <algorithm>
#include <utility>

namespace tenon {

namespace {
// Samples from the one row that a generation step asks for. The prompt is accepted only here: a step that is refused
// never gets so far.
struct SampleRow final : LogitsSink {
  SampleRow(Sampler &sampler, std::span<const int32_t> prompt) : sampler(sampler), prompt(prompt) {}
  void row(size_t, size_t, std::span<float> logits) override {
    for (int32_t accepted : std::exchange(prompt, {}))
      sampler.accept(accepted);
    token = sampler.sample(logits);
  }

  Sampler &sampler;
  std::span<const int32_t> prompt;
  int32_t token = -1;
};
} // namespace

Session::Session(Engine &engine, SequenceId sequence, const SamplingParams &params)
    : engine_(engine), sequence_(sequence), sampler_(params, engine.limits().vocab) {}

Result<std::unique_ptr<Session>> Session::create(Engine &engine, const SamplingParams &params) {
  TENON_TRY(params.check());
  TENON_ASSIGN(SequenceId sequence, engine.createSequence());
  return std::unique_ptr<Session>(new Session(engine, sequence, params));
}

Session::~Session() {
  Status freed = engine_.freeSequence(sequence_);
  assert(freed.isOk() && "a session owns its sequence");
  (void)freed;
}

Result<GenerateEnd> Session::generate(std::span<const int32_t> prompt, const GenerateOptions &options,
                                      const TokenCallback &onToken) {
  TENON_ASSIGN(uint32_t fed, engine_.length(sequence_));
  size_t before = tokens_.size();
  tokens_.insert(tokens_.end(), prompt.begin(), prompt.end());
  if (tokens_.size() == fed)
    return Status(Code::Usage, "there is no token to start from: give a prompt");

  SampleRow sample(sampler_, prompt);
  for (uint32_t generated = 0;;) {
    // The first round feeds the prompt. If it is refused the session is as it was; a later refusal (no page left for
    // the next token) leaves that token to the next call.
    StepItem item{sequence_, std::span<const int32_t>(tokens_).subspan(fed), 1};
    if (Status status = engine_.step({&item, 1}, sample); !status.isOk()) {
      if (generated == 0)
        tokens_.resize(before);
      return status;
    }
    fed = static_cast<uint32_t>(tokens_.size());
    if (std::find(options.stopTokens.begin(), options.stopTokens.end(), sample.token) != options.stopTokens.end())
      return GenerateEnd::StopToken;
    tokens_.push_back(sample.token);
    sampler_.accept(sample.token);
    ++generated;
    if (!onToken(sample.token))
      return GenerateEnd::Cancelled;
    if (generated == options.maxTokens)
      return GenerateEnd::MaxTokens;
    if (fed == engine_.limits().maxContext)
      return GenerateEnd::ContextFull;
  }
}

Status Session::truncate(uint32_t length) {
  if (length > tokens_.size())
    return Status(Code::Usage, "expected a length of at most " + std::to_string(tokens_.size()) + ", found " +
                                   std::to_string(length));
  TENON_ASSIGN(uint32_t fed, engine_.length(sequence_));
  TENON_TRY(engine_.truncate(sequence_, std::min(fed, length)));
  tokens_.resize(length);
  sampler_.forget();
  for (int32_t token : tokens_)
    sampler_.accept(token);
  return Status::ok();
}

namespace {
// Lets the samplers know of the tokens once it is certain that the step happens.
struct AcceptFirst final : LogitsSink {
  AcceptFirst(std::span<const SessionItem> items, LogitsSink &sink) : items(items), sink(sink) {}
  void acceptAll() {
    for (const SessionItem &item : std::exchange(items, {}))
      for (int32_t token : item.tokens)
        item.session->sampler().accept(token);
  }
  void row(size_t item, size_t token, std::span<float> logits) override {
    acceptAll();
    sink.row(item, token, logits);
  }

  std::span<const SessionItem> items;
  LogitsSink &sink;
};
} // namespace

Status stepSessions(Engine &engine, std::span<const SessionItem> items, LogitsSink &sink) {
  for (const SessionItem &item : items)
    if (&item.session->engine_ != &engine)
      return Status(Code::Usage, "expected sessions of one engine in a step, found one of another");

  std::vector<StepItem> steps(items.size());
  std::vector<size_t> lengths(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<int32_t> &text = items[i].session->tokens_;
    lengths[i] = text.size();
    text.insert(text.end(), items[i].tokens.begin(), items[i].tokens.end());
  }
  Status status;
  for (size_t i = 0; i < items.size() && status.isOk(); ++i) {
    const Session &session = *items[i].session;
    Result<uint32_t> fed = engine.length(session.sequence_);
    if (fed.isOk())
      steps[i] = {session.sequence_, std::span<const int32_t>(session.tokens_).subspan(*fed), items[i].logitRows};
    else
      status = std::move(fed).status();
  }
  AcceptFirst accepting(items, sink);
  if (status.isOk())
    status = engine.step(steps, accepting);
  if (status.isOk())
    accepting.acceptAll();
  else
    for (size_t i = items.size(); i-- > 0;) // backwards: a session may be in the step twice by mistake
      items[i].session->tokens_.resize(lengths[i]);
  return status;
}

std::span<const int32_t> stopTokensOf(const Engine &engine) {
  const flatbuffers::Vector<int32_t> *ids = engine.file().metadata().model()->eos_ids();
  return ids ? std::span<const int32_t>(ids->data(), ids->size()) : std::span<const int32_t>();
}

SamplingParams defaultSampling(const Engine &engine) {
  const schema::ModelInfo &model = *engine.file().metadata().model();
  SamplingParams params;
  if (!model.do_sample())
    return params;
  params.temperature = model.temperature();
  params.topK = static_cast<uint32_t>(model.top_k());
  params.topP = model.top_p();
  return params;
}

} // namespace tenon
