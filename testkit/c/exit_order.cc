// Frees as late as a program can make them: atexit, static destructors, a library's end, and with threads alive.
extern "C" {
#include "prove.h"
}
#include <map>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

static void *at_exit_block;

struct Late {
    std::map<int, std::string> map;
    void *block = std::malloc(100000);
    Late() {
        for (int i = 0; i < 1000; i++) map[i] = std::string(static_cast<std::size_t>(i), 'z');
    }
    ~Late() {
        PROVE(map.size() == 1000 && map[999].size() == 999);
        map.clear();
        std::free(block);
        std::vector<std::string> more(1000, std::string(100, 'q'));
        PROVE(more.back().size() == 100);
        if (write(1, "late\n", 5) != 5) _exit(1);
    }
};

static Late &first() {
    static Late late;
    return late;
}
static Late global;

static void last() {
    PROVE(prove_marked(at_exit_block, 70000, 8));
    std::free(at_exit_block);
    void *more = std::malloc(10);
    PROVE(more != nullptr);
    std::free(more);
    if (write(1, "atexit\n", 7) != 7) _exit(1);
}

// A thread that is still at work when the process ends.
static void *for_ever(void *) {
    std::uint64_t chance = 3;
    for (;;) {
        void *block = std::malloc(prove_size(&chance, 100000));
        std::free(block);
    }
}

int main() {
    at_exit_block = std::malloc(70000);
    prove_mark(at_exit_block, 70000, 8);
    std::atexit(last);
    PROVE(first().map.size() == 1000);
    thread_local Late of_main;
    PROVE(of_main.map.size() == 1000);
    pthread_t thread;
    PROVE(pthread_create(&thread, nullptr, for_ever, nullptr) == 0);
    std::thread([] { thread_local Late of_thread; PROVE(of_thread.map.size() == 1000); }).join();
    return prove_ok("exit_order");
}
