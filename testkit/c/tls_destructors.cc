// Destructors of thread-local values that allocate and free, in pthread keys (with repeats) and in C++.
extern "C" {
#include "prove.h"
}
#include <atomic>
#include <cstring>
#include <map>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

static pthread_key_t keys[8];
static std::atomic<int> runs{0};

// Runs in each round of destructors that pthreads makes, so some run after the allocator's own.
static void at_thread_end(void *value) {
    int round;
    std::memcpy(&round, value, sizeof round);
    PROVE(prove_marked(static_cast<char *>(value) + 16, 1000, static_cast<unsigned char>(round)));
    std::free(value);
    runs++;
    void *scratch[100];
    for (int i = 0; i < 100; i++) {
        scratch[i] = std::malloc(static_cast<std::size_t>(i) * 37 + 1);
        PROVE(scratch[i] != nullptr);
    }
    for (void *block : scratch) std::free(block);
    if (round < 3) {
        char *next = static_cast<char *>(std::malloc(1016));
        PROVE(next != nullptr);
        round++;
        std::memcpy(next, &round, sizeof round);
        prove_mark(next + 16, 1000, static_cast<unsigned char>(round));
        for (pthread_key_t key : keys) {
            if (pthread_getspecific(key) == nullptr) {
                pthread_setspecific(key, next);
                return;
            }
        }
        std::free(next);
    }
}

struct Holder {
    std::map<int, std::string> map;
    ~Holder() {
        for (auto &pair : map) pair.second += std::string(500, 'x');
        std::vector<std::string> copies;
        for (auto &pair : map) copies.push_back(pair.second);
        PROVE(copies.size() == map.size());
        runs++;
    }
};
static thread_local Holder holder;

static void work() {
    for (int i = 0; i < 200; i++) holder.map[i] = std::string(static_cast<std::size_t>(i), 'a');
    for (pthread_key_t key : keys) {
        char *value = static_cast<char *>(std::calloc(1, 1016));
        PROVE(value != nullptr);
        pthread_setspecific(key, value);
    }
}

int main() {
    for (pthread_key_t &key : keys) PROVE(pthread_key_create(&key, at_thread_end) == 0);
    for (int round = 0; round < 300; round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++) threads.emplace_back(work);
        for (std::thread &thread : threads) thread.join();
    }
    // One run for each first value of each key, one for each holder, and more for the repeats.
    PROVE(runs >= 1200 * 9);
    return prove_ok("tls_destructors");
}
