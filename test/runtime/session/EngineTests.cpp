// Steps, sequences and pages on the toy engine, whose text depends on every token, page and position before.
#include "runtime/session/Engine.h"

#include "runtime/support/ToyEngine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace tenon {
namespace {

using test::ToyEngine;
using testing::HasSubstr;
using Tokens = std::vector<int32_t>;

struct Row {
  size_t item, token;
  int32_t best;
  bool operator==(const Row &) const = default;
};

void PrintTo(const Row &row, std::ostream *out) { *out << row.item << ":" << row.token << " -> " << row.best; }

struct Collect final : LogitsSink {
  void row(size_t item, size_t token, std::span<float> logits) override {
    rows.push_back(
        {item, token, static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin())});
  }
  std::vector<Row> rows;
};

Tokens randomTokens(std::mt19937 &random, size_t count) {
  Tokens tokens(count);
  for (int32_t &token : tokens)
    token = static_cast<int32_t>(random() % ToyEngine::kVocab);
  return tokens;
}

class EngineTest : public testing::Test {
protected:
  void SetUp() override { open({.threads = 2, .cpus = {}}); }
  void open(const EngineOptions &options) {
    toy.write(folder.file("m.tenon"));
    Result<std::unique_ptr<Engine>> opened = Engine::open(folder.file("m.tenon"), options);
    ASSERT_TRUE(opened.isOk()) << opened.status().message();
    engine = *std::move(opened);
  }
  SequenceId create() {
    Result<SequenceId> id = engine->createSequence();
    EXPECT_TRUE(id.isOk()) << id.status().message();
    return id.isOk() ? *id : SequenceId{};
  }
  std::vector<Row> step(std::vector<StepItem> items) {
    Collect collect;
    Status status = engine->step(items, collect);
    EXPECT_TRUE(status.isOk()) << status.message();
    return collect.rows;
  }
  Status refused(std::vector<StepItem> items) {
    Collect collect;
    Status status = engine->step(items, collect);
    EXPECT_TRUE(collect.rows.empty());
    return status;
  }

  test::TemporaryFolder folder;
  ToyEngine toy;
  std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, CountsItsMemory) {
  MemoryUse memory = engine->memory();
  EXPECT_EQ(memory.weights, 64u);
  EXPECT_EQ(memory.kv, toy.variant().kv_bytes);
  EXPECT_EQ(memory.io, toy.variant().io_bytes);
  EXPECT_EQ(memory.arena, 4096u);
  EXPECT_EQ(memory.total(), memory.weights + memory.kv + memory.io + memory.arena);
  EXPECT_EQ(engine->limits().maxRows, 8u);
  EXPECT_EQ(engine->limits().vocab, ToyEngine::kVocab);
  EXPECT_EQ(engine->threads(), 2u);
}

TEST_F(EngineTest, PredictsFromTheWholeText) {
  Tokens prompt{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5};
  EXPECT_EQ(step({{create(), prompt, 1}}), (std::vector<Row>{{0, 10, test::toyNext(prompt)}}));
}

TEST_F(EngineTest, DeliversLogitsOfEveryRow) {
  Tokens prompt{7, 7, 7, 8, 9, 10, 63, 0, 1, 2, 3, 4, 5};
  std::vector<Row> expected;
  for (size_t i = 0; i < prompt.size(); ++i)
    expected.push_back({0, i, test::toyNext(std::span(prompt).first(i + 1))});
  EXPECT_EQ(step({{create(), prompt, static_cast<uint32_t>(prompt.size())}}), expected);
  EXPECT_TRUE(step({{create(), prompt, 0}}).empty());
}

// The same texts in any chunks, mixed with any others, on any number of threads.
TEST_F(EngineTest, TextDoesNotDependOnChunksAndBatches) {
  for (unsigned threads : {1u, 2u, 5u}) {
    open({.threads = threads, .cpus = {}});
    std::mt19937 random(threads);
    for (int round = 0; round < 60; ++round) {
      struct Text {
        SequenceId id;
        Tokens tokens;
        size_t fed = 0;
      };
      std::vector<Text> texts;
      for (uint32_t i = 0; i < 1 + random() % ToyEngine::kMaxSequences; ++i)
        texts.push_back({create(), randomTokens(random, 1 + random() % 16)});
      for (;;) {
        std::vector<StepItem> items;
        std::vector<Row> expected;
        for (Text &text : texts) {
          size_t take = std::min<size_t>(text.tokens.size() - text.fed, random() % 13);
          if (take == 0)
            continue;
          uint32_t wanted = random() % (take + 1);
          items.push_back({text.id, std::span<const int32_t>(text.tokens).subspan(text.fed, take), wanted});
          for (size_t j = take - wanted; j < take; ++j)
            expected.push_back({items.size() - 1, j, test::toyNext(std::span(text.tokens).first(text.fed + j + 1))});
          text.fed += take;
        }
        ASSERT_EQ(step(items), expected);
        if (std::all_of(texts.begin(), texts.end(), [](Text &text) { return text.fed == text.tokens.size(); }))
          break;
      }
      for (Text &text : texts) {
        EXPECT_EQ(*engine->length(text.id), text.tokens.size());
        ASSERT_TRUE(engine->freeSequence(text.id).isOk());
      }
      ASSERT_EQ(engine->freePages(), ToyEngine::kPages);
    }
  }
}

TEST_F(EngineTest, TruncatedSequencesGoOnFromWhatRemains) {
  SequenceId id = create();
  Tokens first{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  step({{id, first, 0}});
  EXPECT_EQ(engine->freePages(), ToyEngine::kPages - 4);
  ASSERT_TRUE(engine->truncate(id, 6).isOk());
  EXPECT_EQ(*engine->length(id), 6u);
  EXPECT_EQ(engine->freePages(), ToyEngine::kPages - 2);
  Tokens second{40, 41, 42};
  EXPECT_EQ(step({{id, second, 1}}), (std::vector<Row>{{0, 2, test::toyNext(Tokens{1, 2, 3, 4, 5, 6, 40, 41, 42})}}));
  EXPECT_EQ(engine->truncate(id, 10).code(), Code::Usage);
  ASSERT_TRUE(engine->truncate(id, 0).isOk());
  EXPECT_EQ(engine->freePages(), ToyEngine::kPages);
  EXPECT_EQ(step({{id, second, 1}})[0].best, test::toyNext(second));
}

TEST_F(EngineTest, RefusesAStepThatNeedsMorePagesThanAreFree) {
  SequenceId a = create(), b = create();
  Tokens many(28, 1); // 7 of 12 pages
  step({{a, many, 0}});
  Status status = refused({{b, many, 1}});
  EXPECT_EQ(status.code(), Code::Constraint);
  EXPECT_THAT(status.message(), HasSubstr("needs 7 pages of 4 tokens in the KV cache, 5 of 12 are free"));
  // Nothing has changed, and together they are refused together.
  EXPECT_EQ(*engine->length(b), 0u);
  EXPECT_EQ(engine->freePages(), 5u);
  Tokens few(12, 2);
  EXPECT_EQ(refused({{a, few = Tokens(4, 2), 1}, {b, Tokens(20, 3), 1}}).code(), Code::Constraint);
  EXPECT_EQ(*engine->length(a), 28u);
  ASSERT_TRUE(engine->freeSequence(a).isOk());
  EXPECT_EQ(step({{b, many, 1}}).size(), 1u);
}

TEST_F(EngineTest, RefusesAContextThatIsFull) {
  SequenceId id = create();
  Tokens full(ToyEngine::kMaxContext, 5), one{1};
  EXPECT_EQ(step({{id, full, 1}})[0].best, test::toyNext(full));
  Status status = refused({{id, one, 1}});
  EXPECT_EQ(status.code(), Code::Constraint);
  EXPECT_THAT(status.message(), HasSubstr("holds 32 tokens, 1 more exceed the engine's context of 32"));
  EXPECT_EQ(refused({{create(), Tokens(ToyEngine::kMaxContext + 1, 0), 1}}).code(), Code::Constraint);
}

TEST_F(EngineTest, RefusesStepsWithoutMeaning) {
  SequenceId id = create();
  Tokens tokens{1, 2};
  EXPECT_THAT(refused({{id, {}, 0}}).message(), HasSubstr("expected at least one token"));
  EXPECT_THAT(refused({{id, tokens, 3}}).message(), HasSubstr("logits of 3 rows are wanted, it has 2"));
  EXPECT_THAT(refused({{id, tokens, 1}, {id, tokens, 1}}).message(), HasSubstr("item 1 of the step: a sequence may"));
  EXPECT_THAT(refused({{id, Tokens{64}, 1}}).message(), HasSubstr("expected tokens from 0 to 63, found 64"));
  EXPECT_THAT(refused({{id, Tokens{-1}, 1}}).message(), HasSubstr("found -1"));
  EXPECT_EQ(refused({{SequenceId{}, tokens, 1}}).code(), Code::Usage);
  EXPECT_EQ(refused({{SequenceId{99, 1}, tokens, 1}}).code(), Code::Usage);
  EXPECT_EQ(*engine->length(id), 0u);
  EXPECT_TRUE(step({}).empty());
}

TEST_F(EngineTest, AFreedSequenceStaysFreed) {
  SequenceId old = create();
  ASSERT_TRUE(engine->freeSequence(old).isOk());
  SequenceId fresh = create();
  EXPECT_EQ(fresh.slot, old.slot);
  EXPECT_EQ(engine->freeSequence(old).code(), Code::Usage);
  EXPECT_EQ(engine->length(old).status().code(), Code::Usage);
  EXPECT_EQ(engine->truncate(old, 0).code(), Code::Usage);
  EXPECT_TRUE(engine->length(fresh).isOk());
}

TEST_F(EngineTest, HasAsManySequencesAsCompiled) {
  for (uint32_t i = 0; i < ToyEngine::kMaxSequences; ++i)
    create();
  Status status = engine->createSequence().status();
  EXPECT_EQ(status.code(), Code::Constraint);
  EXPECT_THAT(status.message(), HasSubstr("all 3 sequences"));
}

TEST_F(EngineTest, TimesKernels) {
  SequenceId id = create();
  Tokens two{1, 2}, one{3};
  step({{id, one, 1}});
  EXPECT_EQ(engine->kernelTimes()[0].launches, 0u);
  engine->timeKernels(true);
  step({{id, one, 1}});
  step({{id, one, 1}});
  step({{id, two, 0}});
  std::map<std::string, uint64_t> launches;
  for (size_t k = 0; k < engine->kernelTimes().size(); ++k)
    if (engine->kernelTimes()[k].launches) {
      launches[engine->variant().kernels()->Get(k)->symbol()->str()] = engine->kernelTimes()[k].launches;
      EXPECT_GT(engine->kernelTimes()[k].nanoseconds, 0u);
    }
  EXPECT_EQ(
      launches,
      (std::map<std::string, uint64_t>{
          {"toy_append_1", 2}, {"toy_attend_1", 2}, {"toy_head_1", 2}, {"toy_append_2", 1}, {"toy_attend_2", 1}}));
}

TEST(EngineOpen, ComparesWeightsOnRequest) {
  test::TemporaryFolder folder;
  ToyEngine toy;
  std::vector<uint8_t> bytes = toy.bytes();
  bytes[toy.metadata.segments[1]->offset] ^= 1;
  test::writeFile(folder.file("m.tenon"), bytes);
  EXPECT_TRUE(Engine::open(folder.file("m.tenon")).isOk());
  EXPECT_EQ(Engine::open(folder.file("m.tenon"), {.threads = 1, .cpus = {}, .verifyWeights = true}).status().code(),
            Code::Integrity);
}

TEST(EngineOpen, RunsExternalWeightsAndMissesThem) {
  test::TemporaryFolder folder;
  std::string weights = ToyEngine().writeExternal(folder.file("m.tenon"));
  {
    Result<std::unique_ptr<Engine>> engine = Engine::open(folder.file("m.tenon"), {.threads = 1, .cpus = {}});
    ASSERT_TRUE(engine.isOk()) << engine.status().message();
    SequenceId id = *(*engine)->createSequence();
    Collect collect;
    Tokens prompt{1, 2, 3};
    StepItem item{id, prompt, 1};
    ASSERT_TRUE((*engine)->step({&item, 1}, collect).isOk());
    EXPECT_EQ(collect.rows[0].best, test::toyNext(prompt));
  }
  std::remove(folder.file(weights).c_str());
  EXPECT_EQ(Engine::open(folder.file("m.tenon")).status().code(), Code::InvalidFile);
}

TEST(EngineOpen, RefusesSymbolsThatTheCodeLacks) {
  test::TemporaryFolder folder;
  ToyEngine toy;
  toy.variant().kernels[3]->symbol = "toy_nothing";
  toy.write(folder.file("m.tenon"));
  Status status = Engine::open(folder.file("m.tenon")).status();
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr("toy_nothing"));
}

TEST(EngineOpen, RefusesFeaturesRanksAndMemoryThatThisMachineLacks) {
  test::TemporaryFolder folder;
  std::string path = folder.file("m.tenon");
  {
    ToyEngine toy;
    toy.variant().features = "no-such-feature";
    toy.write(path);
    Status status = Engine::open(path).status();
    EXPECT_EQ(status.code(), Code::HostUnfit);
    EXPECT_THAT(status.message(), HasSubstr("needs no-such-feature"));
  }
  {
    ToyEngine toy;
    toy.metadata.ranks.push_back(std::make_unique<schema::RankT>(toy.rank()));
    toy.write(path);
    EXPECT_EQ(Engine::open(path).status().code(), Code::Unsupported);
  }
  {
    ToyEngine toy;
    toy.variant().arena_bytes = 1ull << 46;
    toy.write(path);
    Status status = Engine::open(path).status();
    EXPECT_EQ(status.code(), Code::HostUnfit);
    EXPECT_THAT(status.message(), HasSubstr("for its KV cache and activations"));
  }
}

} // namespace
} // namespace tenon
