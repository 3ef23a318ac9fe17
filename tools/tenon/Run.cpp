// tenon run: a prompt in, text out as it is made; or the logits of every prompt position.
#include "runtime/session/Session.h"
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Tokenizer.h"
#include "tools/cli/JsonWriter.h"
#include "tools/tenon/EngineFlags.h"
#include "tools/tenon/InputText.h"
#include "tools/tenon/LogitsFile.h"
#include "tools/tenon/RunStats.h"
#include "tools/tenon/Verbs.h"

#include <cstdio>

namespace tenon::cli {
namespace {

class RunVerb final : public Verb {
public:
  const char *name() const override { return "run"; }
  const char *summary() const override { return "Write text with an engine"; }
  const char *examples() const override {
    return "  tenon run m.tenon -p \"And the LORD said unto Moses,\" -n 64\n"
           "  tenon run m.tenon -f prompt.txt --temperature 0.7 --top-p 0.9 --seed 1\n"
           "  echo \"In the beginning\" | tenon run m.tenon -n 20\n"
           "  tenon run m.tenon --tokens 4088,300,17 --logits logits.npy\n";
  }

  void declare(CLI::App &app) override {
    flags_.declare(app);
    input_.declare(app);
    app.add_option("-n,--max-tokens", maxTokens_,
                   "Tokens to generate at most; 0: until the text ends or the context is full")
        ->default_str("0, with --logits no generation");
    app.add_option("--temperature", temperature_, "0: always the likeliest token; otherwise logits are divided by it");
    app.add_option("--top-k", topK_, "Sample among the k likeliest tokens; 0: off");
    app.add_option("--top-p", topP_, "Sample among the fewest tokens whose probabilities sum to this; 1: off");
    app.add_option("--min-p", minP_, "Drop tokens below this share of the likeliest one's probability; 0: off");
    app.add_option("--repetition-penalty", penalty_, "Divide the logits of tokens already used by it; 1: off");
    app.add_option("--seed", seed_, "Same seed, same text")->type_name("UINT64")->default_str("0");
    app.add_flag("--ignore-eos", ignoreEos_, "Go on after an end token");
    app.add_flag("--show-special", showSpecial_, "Print special tokens too");
    app.add_option("--logits", logitsPath_,
                   "Write float32 logits [tokens, vocabulary] of every prompt position to this .npy file");
    app.add_option("--stats", stats_,
                   "Figures on stderr at the end: none, brief, full (measures this machine's bandwidth)")
        ->check(CLI::IsMember({"none", "brief", "full"}))
        ->default_str("brief");
    app.add_flag("--json", json_, "One JSON object on stdout instead of text");
  }

  Status run(Terminal &terminal) override {
    TENON_ASSIGN(auto engine, flags_.open());
    TENON_ASSIGN(Prompt prompt, input_.read(*engine));
    if (!logitsPath_.empty()) {
      TENON_TRY(writeLogits(*engine, prompt.tokens, logitsPath_));
      if (!maxTokens_) {
        if (json_)
          printLogitsJson(*engine, prompt);
        return Status::ok();
      }
    }
    return generate(*engine, prompt, terminal);
  }

private:
  SamplingParams sampling(const Engine &engine) const {
    SamplingParams params = defaultSampling(engine);
    if (temperature_)
      params.temperature = *temperature_;
    if (topK_)
      params.topK = *topK_;
    if (topP_)
      params.topP = *topP_;
    if (minP_)
      params.minP = *minP_;
    if (penalty_)
      params.repetitionPenalty = *penalty_;
    params.seed = seed_;
    return params;
  }

  Status generate(Engine &engine, const Prompt &prompt, Terminal &terminal) {
    TENON_ASSIGN(auto session, Session::create(engine, sampling(engine)));
    GenerateOptions options;
    options.maxTokens = maxTokens_.value_or(0);
    if (!ignoreEos_)
      options.stopTokens = stopTokensOf(engine);

    RunStats stats(engine, prompt.tokens.size());
    std::optional<text::StreamDecoder> decoder;
    if (prompt.tokenizer)
      decoder.emplace(*prompt.tokenizer, showSpecial_);
    std::string text;
    std::vector<int32_t> generated;
    auto emit = [&](std::string_view piece) {
      if (json_)
        text += piece;
      else
        std::fwrite(piece.data(), 1, piece.size(), stdout), std::fflush(stdout);
    };
    if (!json_ && prompt.echo)
      emit(prompt.text);
    TENON_ASSIGN(const GenerateEnd end, session->generate(prompt.tokens, options, [&](int32_t token) {
      stats.token();
      generated.push_back(token);
      if (decoder)
        emit(decoder->push(token));
      else if (!json_)
        std::printf(generated.size() == 1 ? "%d" : ",%d", token), std::fflush(stdout);
      return !std::ferror(stdout);
    }));
    if (decoder)
      emit(decoder->finish());
    stats.finish();
    if (json_)
      printJson(engine, prompt, generated, text, end, stats);
    else
      std::fputc('\n', stdout);
    std::fflush(stdout); // the figures come after the text where both go to one place
    if (stats_ != "none")
      TENON_TRY(stats.print(terminal, stats_ == "full"));
    return Status::ok();
  }

  static void writeIds(JsonWriter &json, std::string_view name, const std::vector<int32_t> &ids) {
    json.key(name).beginArray();
    for (int32_t id : ids)
      json.value(id);
    json.endArray();
  }

  // What the runtime counts; the same bytes as the plan's and inspect's.
  static void writeMemory(JsonWriter &json, const Engine &engine) {
    const MemoryUse memory = engine.memory();
    json.key("memory").beginObject().field("weight_bytes", memory.weights).field("kv_bytes", memory.kv);
    json.field("io_bytes", memory.io).field("arena_bytes", memory.arena).field("total_bytes", memory.total());
    json.endObject();
  }

  void printLogitsJson(const Engine &engine, const Prompt &prompt) const {
    JsonWriter json;
    json.beginObject().field("schema_version", 1).field("logits", logitsPath_);
    writeIds(json, "prompt_tokens", prompt.tokens);
    writeMemory(json, engine);
    std::printf("%s\n", json.endObject().text().c_str());
  }

  void printJson(const Engine &engine, const Prompt &prompt, const std::vector<int32_t> &generated,
                 const std::string &text, GenerateEnd end, const RunStats &stats) const {
    static constexpr const char *kEnds[] = {"stop_token", "max_tokens", "context_full", "cancelled"};
    JsonWriter json;
    json.beginObject().field("schema_version", 1);
    if (!logitsPath_.empty())
      json.field("logits", logitsPath_);
    writeIds(json, "prompt_tokens", prompt.tokens);
    writeIds(json, "tokens", generated);
    if (prompt.tokenizer)
      json.field("text", text);
    json.field("end", kEnds[static_cast<int>(end)]);
    writeMemory(json, engine);
    stats.write(json);
    std::printf("%s\n", json.endObject().text().c_str());
  }

  EngineFlags flags_;
  InputText input_;
  std::optional<uint32_t> maxTokens_, topK_;
  std::optional<float> temperature_, topP_, minP_, penalty_;
  uint64_t seed_ = 0;
  bool ignoreEos_ = false, showSpecial_ = false, json_ = false;
  std::string logitsPath_, stats_ = "brief";
};

} // namespace

std::unique_ptr<Verb> makeRunVerb() { return std::make_unique<RunVerb>(); }

} // namespace tenon::cli
