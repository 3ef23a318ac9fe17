#include "runtime/session/Session.h"

#include "runtime/support/ToyEngine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenon {
namespace {

using test::ToyEngine;
using Tokens = std::vector<int32_t>;

class SessionTest : public testing::Test {
protected:
  void SetUp() override {
    toy.write(folder.file("m.tenon"));
    Result<std::unique_ptr<Engine>> opened = Engine::open(folder.file("m.tenon"), {.threads = 2, .cpus = {}});
    ASSERT_TRUE(opened.isOk()) << opened.status().message();
    engine = *std::move(opened);
  }
  std::unique_ptr<Session> create(const SamplingParams &params = {}) {
    Result<std::unique_ptr<Session>> session = Session::create(*engine, params);
    EXPECT_TRUE(session.isOk());
    return session.isOk() ? *std::move(session) : nullptr;
  }
  // What is written after `prompt`; keeps the end in `end`.
  Tokens write(Session &session, const Tokens &prompt, const GenerateOptions &options) {
    Tokens written;
    Result<GenerateEnd> result = session.generate(prompt, options, [&](int32_t token) {
      written.push_back(token);
      return true;
    });
    EXPECT_TRUE(result.isOk()) << result.status().message();
    if (result.isOk())
      end = *result;
    return written;
  }
  static Tokens expected(Tokens text, size_t count) {
    Tokens written;
    while (written.size() < count) {
      written.push_back(test::toyNext(text));
      text.push_back(written.back());
    }
    return written;
  }

  test::TemporaryFolder folder;
  ToyEngine toy;
  std::unique_ptr<Engine> engine;
  GenerateEnd end = GenerateEnd::Cancelled;
};

TEST_F(SessionTest, WritesGreedilyUpToTheLimitAndGoesOn) {
  std::unique_ptr<Session> session = create();
  Tokens prompt{3, 1, 4};
  Tokens all = expected(prompt, 12);
  EXPECT_EQ(write(*session, prompt, {.maxTokens = 5, .stopTokens = {}}), Tokens(all.begin(), all.begin() + 5));
  EXPECT_EQ(end, GenerateEnd::MaxTokens);
  EXPECT_EQ(session->tokens().size(), 8u);
  EXPECT_EQ(write(*session, {}, {.maxTokens = 7, .stopTokens = {}}), Tokens(all.begin() + 5, all.end()));
}

TEST_F(SessionTest, StopsAtAStopTokenAndLeavesItOut) {
  Tokens prompt{9, 8};
  Tokens all = expected(prompt, 20);
  Tokens stops{all[6]};
  size_t first = std::find(all.begin(), all.end(), all[6]) - all.begin();
  std::unique_ptr<Session> session = create();
  EXPECT_EQ(write(*session, prompt, {.maxTokens = 0, .stopTokens = stops}), Tokens(all.begin(), all.begin() + first));
  EXPECT_EQ(end, GenerateEnd::StopToken);
  EXPECT_EQ(session->tokens().size(), prompt.size() + first);
  Tokens more{stops[0], 2};
  Tokens text(session->tokens().begin(), session->tokens().end());
  text.insert(text.end(), more.begin(), more.end());
  EXPECT_EQ(write(*session, more, {.maxTokens = 3, .stopTokens = {}}), expected(text, 3));
}

TEST_F(SessionTest, EndsWhereTheContextIsFull) {
  std::unique_ptr<Session> session = create();
  Tokens prompt{5, 5, 5};
  EXPECT_EQ(write(*session, prompt, {}), expected(prompt, ToyEngine::kMaxContext + 1 - 3));
  EXPECT_EQ(end, GenerateEnd::ContextFull);
  EXPECT_EQ(session->tokens().size(), ToyEngine::kMaxContext + 1u);
  EXPECT_EQ(session->generate({}, {}, [](int32_t) { return true; }).status().code(), Code::Constraint);
}

TEST_F(SessionTest, StopsWhenTheCallbackSaysSo) {
  std::unique_ptr<Session> session = create();
  Tokens prompt{1};
  int calls = 0;
  Result<GenerateEnd> result = session->generate(prompt, {}, [&](int32_t) { return ++calls < 4; });
  EXPECT_EQ(*result, GenerateEnd::Cancelled);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(write(*session, {}, {.maxTokens = 1, .stopTokens = {}}), Tokens{expected(prompt, 5).back()});
}

TEST_F(SessionTest, ARefusedPromptLeavesTheTextAsItWas) {
  std::unique_ptr<Session> session = create({.repetitionPenalty = 1.5f});
  write(*session, {1, 2}, {.maxTokens = 2, .stopTokens = {}});
  Tokens text(session->tokens().begin(), session->tokens().end());
  for (const Tokens &prompt : {Tokens(40, 1), Tokens{3, 99}, Tokens{-2}}) {
    EXPECT_FALSE(session->generate(prompt, {}, [](int32_t) { return true; }).isOk());
    EXPECT_EQ(Tokens(session->tokens().begin(), session->tokens().end()), text);
  }
  EXPECT_EQ(create()->generate({}, {}, [](int32_t) { return true; }).status().code(), Code::Usage);
}

TEST_F(SessionTest, TruncatesFedAndWaitingTokens) {
  std::unique_ptr<Session> session = create();
  Tokens prompt{1, 2, 3, 4, 5, 6};
  write(*session, prompt, {.maxTokens = 4, .stopTokens = {}});
  ASSERT_TRUE(session->truncate(9).isOk()); // only the one that waits
  EXPECT_EQ(*engine->length(session->sequence()), 9u);
  ASSERT_TRUE(session->truncate(3).isOk());
  EXPECT_EQ(*engine->length(session->sequence()), 3u);
  EXPECT_EQ(write(*session, {9}, {.maxTokens = 6, .stopTokens = {}}), expected({1, 2, 3, 9}, 6));
  EXPECT_EQ(session->truncate(99).code(), Code::Usage);
}

TEST_F(SessionTest, GivesItsSlotBack) {
  for (uint32_t i = 0; i < 2 * ToyEngine::kMaxSequences; ++i)
    write(*create(), {1, 2, 3}, {.maxTokens = 2, .stopTokens = {}});
  EXPECT_EQ(engine->freePages(), ToyEngine::kPages);
}

// Sampled texts, too, do not depend on what else is in the step or on how the prompt is cut.
TEST_F(SessionTest, TheSameSeedWritesTheSameTextInAnyCompany) {
  SamplingParams params{.temperature = 20, .topP = 0.9f, .repetitionPenalty = 1.2f, .seed = 5};
  Tokens prompt{10, 20, 30, 40, 50};
  Tokens alone = write(*create(params), prompt, {.maxTokens = 8, .stopTokens = {}});
  EXPECT_NE(alone, expected(prompt, 8));
  params.seed = 6;
  EXPECT_NE(write(*create(params), prompt, {.maxTokens = 8, .stopTokens = {}}), alone);
  params.seed = 5;

  struct Text final : LogitsSink {
    Text(Engine &engine, const SamplingParams &params) : sampler(params, engine.limits().vocab) {}
    void row(size_t, size_t, std::span<float>) override {}
    Sampler sampler;
    SequenceId id;
    Tokens tokens;
    size_t fed = 0;
  };
  std::vector<std::unique_ptr<Text>> texts;
  for (int i = 0; i < 3; ++i) {
    texts.push_back(std::make_unique<Text>(*engine, params));
    texts[i]->id = *engine->createSequence();
    texts[i]->tokens = prompt;
    for (int32_t token : prompt)
      texts[i]->sampler.accept(token);
  }
  texts[1]->tokens.push_back(1); // another text between
  struct Sink final : LogitsSink {
    explicit Sink(std::vector<std::unique_ptr<Text>> &texts) : texts(texts) {}
    void row(size_t item, size_t, std::span<float> logits) override {
      Text &text = *texts[item];
      text.tokens.push_back(text.sampler.sample(logits));
      text.sampler.accept(text.tokens.back());
    }
    std::vector<std::unique_ptr<Text>> &texts;
  } sink(texts);
  for (size_t round = 0; round < 10; ++round) {
    std::vector<StepItem> items;
    for (size_t i = 0; i < 3; ++i) {
      Text &text = *texts[i];
      size_t left = text.tokens.size() - text.fed;
      size_t take = std::min<size_t>(left, i == 2 ? 2 : 5); // the third feeds its prompt in pieces
      items.push_back({text.id, std::span<const int32_t>(text.tokens).subspan(text.fed, take), take == left ? 1u : 0u});
      text.fed += take;
    }
    Status status = engine->step(items, sink);
    ASSERT_TRUE(status.isOk()) << status.message();
  }
  for (size_t i : {0, 2})
    EXPECT_EQ(Tokens(texts[i]->tokens.begin() + 5, texts[i]->tokens.begin() + 13), alone);
}

TEST_F(SessionTest, ReadsTheModelsDefaults) {
  EXPECT_THAT(stopTokensOf(*engine), testing::ElementsAre(ToyEngine::kStopToken));
  EXPECT_EQ(defaultSampling(*engine).temperature, 0);
  toy.metadata.model->do_sample = true;
  toy.metadata.model->temperature = 0.6f;
  toy.metadata.model->top_k = 40;
  toy.metadata.model->top_p = 0.9f;
  SetUp();
  SamplingParams params = defaultSampling(*engine);
  EXPECT_EQ(params.temperature, 0.6f);
  EXPECT_EQ(params.topK, 40u);
  EXPECT_EQ(params.topP, 0.9f);
}

} // namespace
} // namespace tenon
