// The C API, on the toy engine.
#include "runtime/engine/EngineSignature.h"
#include "runtime/support/ToyEngine.h"
#include "tenon/tenon.h"
#include "tenon/text.h"

#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace tenon {
namespace {

using test::ToyEngine;
using testing::HasSubstr;
using Tokens = std::vector<int32_t>;

class ApiTest : public testing::Test {
protected:
  void SetUp() override {
    toy.write(path);
    tenon_engine_options options = TENON_ENGINE_OPTIONS_INIT;
    options.threads = 2;
    ASSERT_EQ(tenon_engine_open(path.c_str(), &options, &engine), TENON_OK) << tenon_last_message();
  }
  void TearDown() override {
    for (tenon_session *session : sessions)
      tenon_session_free(session);
    tenon_engine_close(engine);
  }
  tenon_session *create(const tenon_sampling *sampling = nullptr) {
    tenon_session *session = nullptr;
    EXPECT_EQ(tenon_session_create(engine, sampling, &session), TENON_OK) << tenon_last_message();
    sessions.push_back(session);
    return session;
  }
  static Tokens text(tenon_session *session) {
    size_t count;
    const int32_t *tokens = tenon_session_tokens(session, &count);
    return Tokens(tokens, tokens + count);
  }
  static Tokens written(Tokens text, size_t count) {
    for (size_t i = 0; i < count; ++i)
      text.push_back(test::toyNext(text));
    return text;
  }
  static size_t best(const float *logits) { return std::max_element(logits, logits + ToyEngine::kVocab) - logits; }

  test::TemporaryFolder folder;
  std::string path = folder.file("m.tenon");
  ToyEngine toy;
  tenon_engine *engine = nullptr;
  std::vector<tenon_session *> sessions;
};

TEST_F(ApiTest, DescribesTheEngine) {
  tenon_engine_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(tenon_engine_get_info(engine, &info), TENON_OK);
  EXPECT_STREQ(info.family, "toy");
  EXPECT_STREQ(info.target, "cpu:host");
  EXPECT_EQ(info.vocab, ToyEngine::kVocab);
  EXPECT_EQ(info.max_context, ToyEngine::kMaxContext);
  EXPECT_EQ(info.free_pages, ToyEngine::kPages);
  EXPECT_EQ(info.threads, 2u);
  EXPECT_EQ(info.kv_bytes, toy.variant().kv_bytes);
  ASSERT_EQ(info.stop_token_count, 1u);
  EXPECT_EQ(info.stop_tokens[0], static_cast<int32_t>(ToyEngine::kStopToken));
  size_t size;
  EXPECT_EQ(std::string(tenon_engine_document(engine, TENON_MODEL_CONFIG, &size)), "{}");
  EXPECT_EQ(size, 2u);
  EXPECT_EQ(tenon_engine_document(engine, TENON_CHAT_TEMPLATE, &size), nullptr);
  EXPECT_EQ(size, 0u);
  EXPECT_STREQ(tenon_version(), "0.1.0");
}

TEST_F(ApiTest, StructsMayBeOlderOrNewer) {
  struct Newer {
    tenon_engine_info info;
    uint64_t added;
  } newer = {};
  newer.info.struct_size = sizeof(newer);
  newer.added = 77;
  ASSERT_EQ(tenon_engine_get_info(engine, &newer.info), TENON_OK);
  EXPECT_EQ(newer.info.vocab, ToyEngine::kVocab);
  EXPECT_EQ(newer.added, 0u);

  tenon_engine_info older = {};
  older.struct_size = offsetof(tenon_engine_info, vocab);
  older.vocab = 5;
  ASSERT_EQ(tenon_engine_get_info(engine, &older), TENON_OK);
  EXPECT_STREQ(older.family, "toy");
  EXPECT_EQ(older.vocab, 5u); // not the caller's, as far as the library knows
  older.struct_size = 0;
  EXPECT_EQ(tenon_engine_get_info(engine, &older), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("tenon_engine_info.struct_size"));

  struct NewerSampling {
    tenon_sampling sampling;
    uint64_t added;
  } sampling = {TENON_SAMPLING_INIT, 0};
  sampling.sampling.struct_size = sizeof(sampling);
  create(&sampling.sampling);
  sampling.added = 1;
  tenon_session *session = nullptr;
  EXPECT_EQ(tenon_session_create(engine, &sampling.sampling, &session), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("does not know: use a newer library"));
  EXPECT_EQ(session, nullptr);
}

TEST_F(ApiTest, GeneratesWithACallback) {
  tenon_session *session = create();
  Tokens prompt{3, 1, 4}, seen;
  tenon_generate_options options = TENON_GENERATE_OPTIONS_INIT;
  options.max_tokens = 6;
  options.stop_tokens = prompt.data(); // with a count of 0: none
  tenon_end end;
  auto collect = [](void *user, int32_t token) {
    static_cast<Tokens *>(user)->push_back(token);
    return 0;
  };
  ASSERT_EQ(tenon_generate(session, prompt.data(), prompt.size(), &options, collect, &seen, &end), TENON_OK)
      << tenon_last_message();
  EXPECT_EQ(end, TENON_END_MAX_TOKENS);
  Tokens all = written(prompt, 6);
  EXPECT_EQ(text(session), all);
  EXPECT_EQ(seen, Tokens(all.begin() + 3, all.end()));
  auto stop = [](void *, int32_t) { return 1; };
  ASSERT_EQ(tenon_generate(session, nullptr, 0, &options, stop, nullptr, &end), TENON_OK);
  EXPECT_EQ(end, TENON_END_CANCELLED);
  EXPECT_EQ(text(session), written(prompt, 7));
  ASSERT_EQ(tenon_session_truncate(session, 2), TENON_OK);
  EXPECT_EQ(text(session), (Tokens{3, 1}));
  EXPECT_EQ(tenon_session_truncate(session, SIZE_MAX), TENON_USAGE);
}

TEST_F(ApiTest, StepsManySessions) {
  tenon_session *a = create(), *b = create();
  Tokens first{1, 2, 3, 4, 5}, second{9};
  std::vector<float> logits(3 * ToyEngine::kVocab);
  tenon_step_item items[2] = {{sizeof(tenon_step_item), a, first.data(), first.size(), 2},
                              {sizeof(tenon_step_item), b, second.data(), second.size(), 1}};
  EXPECT_EQ(tenon_step(engine, items, 2, logits.data(), 2), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("ask for 3 rows of logits, the buffer holds 2"));
  EXPECT_TRUE(text(a).empty());
  ASSERT_EQ(tenon_step(engine, items, 2, logits.data(), 3), TENON_OK) << tenon_last_message();
  EXPECT_EQ(best(&logits[0]), test::toyNext(Tokens{1, 2, 3, 4}));
  EXPECT_EQ(best(&logits[ToyEngine::kVocab]), test::toyNext(first));
  EXPECT_EQ(best(&logits[2 * ToyEngine::kVocab]), test::toyNext(second));
  EXPECT_EQ(text(a), first);
  int32_t token;
  ASSERT_EQ(tenon_session_sample(a, &logits[ToyEngine::kVocab], &token), TENON_OK);
  EXPECT_EQ(token, test::toyNext(first));
  EXPECT_EQ(text(a), first);

  // A refused step leaves all texts as they were, even with a session in it twice.
  items[1].session = a;
  EXPECT_EQ(tenon_step(engine, items, 2, logits.data(), 3), TENON_USAGE);
  EXPECT_EQ(text(a), first);
  EXPECT_EQ(text(b), second);
}

TEST_F(ApiTest, AStepFeedsTheTokenThatGenerateLeft) {
  tenon_session *session = create();
  Tokens prompt{7, 8};
  tenon_generate_options options = TENON_GENERATE_OPTIONS_INIT;
  options.max_tokens = 3;
  options.stop_tokens = prompt.data();
  ASSERT_EQ(tenon_generate(session, prompt.data(), 2, &options, nullptr, nullptr, nullptr), TENON_OK);
  std::vector<float> logits(ToyEngine::kVocab);
  tenon_step_item item = {sizeof(tenon_step_item), session, nullptr, 0, 1};
  ASSERT_EQ(tenon_step(engine, &item, 1, logits.data(), 1), TENON_OK) << tenon_last_message();
  EXPECT_EQ(best(logits.data()), test::toyNext(written(prompt, 3)));
  EXPECT_EQ(tenon_step(engine, &item, 1, logits.data(), 1), TENON_USAGE); // nothing is left to feed
}

TEST_F(ApiTest, ItemsMayBeWiderThanTheLibraryKnows) {
  struct Wide {
    tenon_step_item item;
    uint64_t added;
  };
  Tokens tokens{5};
  Wide items[2] = {{{sizeof(Wide), create(), tokens.data(), 1, 1}, 0},
                   {{sizeof(Wide), create(), tokens.data(), 1, 1}, 0}};
  std::vector<float> logits(2 * ToyEngine::kVocab);
  ASSERT_EQ(tenon_step(engine, &items[0].item, 2, logits.data(), 2), TENON_OK) << tenon_last_message();
  EXPECT_EQ(best(&logits[ToyEngine::kVocab]), test::toyNext(tokens));
}

TEST_F(ApiTest, RefusesNullAndNonsense) {
  tenon_engine *other = nullptr;
  EXPECT_EQ(tenon_engine_open(nullptr, nullptr, &other), TENON_USAGE);
  EXPECT_STREQ(tenon_last_message(), "tenon_engine_open: path must not be NULL");
  EXPECT_EQ(tenon_engine_open(path.c_str(), nullptr, nullptr), TENON_USAGE);
  EXPECT_EQ(tenon_engine_open(folder.file("absent").c_str(), nullptr, &other), TENON_INVALID_FILE);
  tenon_engine_options options = TENON_ENGINE_OPTIONS_INIT;
  options.cpus = "3-1";
  EXPECT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_USAGE);
  EXPECT_EQ(other, nullptr);
  tenon_sampling sampling = TENON_SAMPLING_INIT;
  sampling.top_p = 2;
  tenon_session *session = nullptr;
  EXPECT_EQ(tenon_session_create(engine, &sampling, &session), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("top-p"));
  EXPECT_EQ(tenon_session_create(nullptr, nullptr, &session), TENON_USAGE);
  EXPECT_EQ(tenon_session_create(engine, nullptr, nullptr), TENON_USAGE);
  EXPECT_EQ(tenon_generate(nullptr, nullptr, 0, nullptr, nullptr, nullptr, nullptr), TENON_USAGE);
  session = create();
  EXPECT_EQ(tenon_generate(session, nullptr, 3, nullptr, nullptr, nullptr, nullptr), TENON_USAGE);
  EXPECT_EQ(tenon_generate(session, nullptr, 0, nullptr, nullptr, nullptr, nullptr), TENON_USAGE);
  EXPECT_EQ(tenon_step(nullptr, nullptr, 0, nullptr, 0), TENON_USAGE);
  EXPECT_EQ(tenon_step(engine, nullptr, 1, nullptr, 0), TENON_USAGE);
  EXPECT_EQ(tenon_step(engine, nullptr, 0, nullptr, 0), TENON_OK);
  tenon_step_item item = {sizeof(tenon_step_item), nullptr, nullptr, 0, 0};
  EXPECT_EQ(tenon_step(engine, &item, 1, nullptr, 0), TENON_USAGE);
  EXPECT_EQ(tenon_session_sample(session, nullptr, nullptr), TENON_USAGE);
  tenon_session_free(nullptr);
  tenon_engine_close(nullptr);
  EXPECT_STREQ(tenon_status_name(TENON_HOST_UNFIT), "host unfit");
  EXPECT_STREQ(tenon_status_name(static_cast<tenon_status>(9)), "unknown status");
}

TEST_F(ApiTest, EnginesMayHaveToBeSigned) {
  const trust::SecretKey key = *trust::generateKey("me");
  const std::string ring = folder.file("k.pub");
  ASSERT_TRUE(trust::writeKeyPair(key, folder.file("k.key"), ring).isOk());
  tenon_engine_options options = TENON_ENGINE_OPTIONS_INIT;
  options.threads = 1;
  options.require_signature = ring.c_str();
  tenon_engine *other = nullptr;
  EXPECT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_INTEGRITY);
  EXPECT_THAT(tenon_last_message(), HasSubstr("expected a signature of a trusted key"));
  EXPECT_EQ(other, nullptr);

  const std::vector<uint8_t> file = test::readFile(path);
  const std::string line = trust::formatSignature(trust::sign(key, kEngineDomain, std::span(file).first(64)));
  test::writeFile(signaturePath(path), std::vector<uint8_t>(line.begin(), line.end()));
  ASSERT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_OK) << tenon_last_message();
  tenon_engine_close(other);
  options.skip_weight_digests = 1;
  ASSERT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_OK) << tenon_last_message();
  tenon_engine_close(other);

  other = nullptr;
  options.require_signature = path.c_str(); // no key file
  EXPECT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_INVALID_FILE);
  options.struct_size = offsetof(tenon_engine_options, require_signature); // a caller that does not know the field
  ASSERT_EQ(tenon_engine_open(path.c_str(), &options, &other), TENON_OK) << tenon_last_message();
  tenon_engine_close(other);
}

TEST_F(ApiTest, MessagesBelongToTheirThread) {
  tenon_fail(TENON_USAGE, "here");
  std::thread([] {
    EXPECT_STREQ(tenon_last_message(), "");
    tenon_fail(TENON_USAGE, "there");
    EXPECT_STREQ(tenon_last_message(), "there");
  }).join();
  EXPECT_STREQ(tenon_last_message(), "here");
}

TEST_F(ApiTest, EncodesAndDecodes) {
  tenon_tokenizer *tokenizer;
  ASSERT_EQ(tenon_tokenizer_from_engine(engine, &tokenizer), TENON_OK) << tenon_last_message();
  const char *words = "Go home";
  int32_t tokens[16];
  size_t count = 0;
  EXPECT_EQ(tenon_encode(tokenizer, words, strlen(words), 0, tokens, 3, &count), TENON_USAGE);
  EXPECT_EQ(count, 7u);
  ASSERT_EQ(tenon_encode(tokenizer, words, strlen(words), 0, tokens, 16, &count), TENON_OK) << tenon_last_message();
  char text[16];
  size_t size;
  ASSERT_EQ(tenon_decode(tokenizer, tokens, count, 0, text, sizeof(text), &size), TENON_OK);
  EXPECT_EQ(std::string(text, size), words);
  EXPECT_EQ(tenon_decode(tokenizer, tokens, count, 0, text, 2, &size), TENON_USAGE);
  EXPECT_EQ(size, 7u);

  EXPECT_EQ(tenon_encode(tokenizer, "<end>", 5, 0, tokens, 16, &count), TENON_OK);
  EXPECT_EQ(Tokens(tokens, tokens + count), Tokens{63});
  EXPECT_EQ(tenon_decode(tokenizer, tokens, 1, 0, text, sizeof(text), &size), TENON_OK);
  EXPECT_EQ(size, 0u);
  EXPECT_EQ(tenon_decode(tokenizer, tokens, 1, TENON_DECODE_SHOW_SPECIAL, text, sizeof(text), &size), TENON_OK);
  EXPECT_EQ(std::string(text, size), "<end>");

  tenon_decoder *decoder;
  ASSERT_EQ(tenon_decoder_create(tokenizer, 0, &decoder), TENON_OK);
  EXPECT_STREQ(tenon_decoder_push(decoder, 0), "a");
  EXPECT_STREQ(tenon_decoder_push(decoder, 1), "b");
  EXPECT_STREQ(tenon_decoder_finish(decoder), "");
  EXPECT_STREQ(tenon_decoder_push(decoder, 2), "c");
  tenon_decoder_free(decoder);
  tenon_tokenizer_free(tokenizer);

  EXPECT_EQ(tenon_tokenizer_create("{", 1, nullptr, 0, &tokenizer), TENON_INVALID_FILE);
  EXPECT_STRNE(tenon_last_message(), "");
}

} // namespace
} // namespace tenon
