/* Forks of a process whose threads are busy in the allocator; each child allocates, starts a thread, frees. */
#include "prove.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

static atomic_int stop;

static void *brief(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    for (int i = 0; i < 50; i++) {
        size_t size = prove_size(&chance, 4u << 20);
        void *block = malloc(size);
        PROVE(block != NULL);
        prove_mark(block, size < 65536 ? size : 65536, 1);
        free(block);
    }
    return malloc(100);
}

static void *churn(void *argument) {
    uint64_t chance = (uintptr_t)argument;
    void *slots[64] = {0};
    for (uint64_t i = 0; !atomic_load(&stop); i++) {
        size_t slot = prove_next(&chance) % 64;
        free(slots[slot]);
        size_t size = prove_size(&chance, 4u << 20);
        PROVE((slots[slot] = malloc(size)) != NULL);
        memset(slots[slot], 1, size < 4096 ? size : 4096);
        if (i % 200 == 0) {
            pthread_t thread;
            void *given = NULL;
            PROVE(pthread_create(&thread, NULL, brief, (void *)(uintptr_t)i) == 0);
            pthread_join(thread, &given);
            free(given);
        }
    }
    for (int i = 0; i < 64; i++) free(slots[i]);
    return NULL;
}

static void child(uint64_t seed, void *inherited, size_t inherited_size) {
    PROVE(prove_marked(inherited, inherited_size, 0x77));
    void *slots[32];
    for (int i = 0; i < 32; i++) {
        size_t size = prove_size(&seed, 4u << 20);
        PROVE((slots[i] = malloc(size)) != NULL);
        prove_mark(slots[i], size < 65536 ? size : 65536, (unsigned char)i);
    }
    pthread_t thread;
    void *given = NULL;
    PROVE(pthread_create(&thread, NULL, brief, (void *)(uintptr_t)seed) == 0);
    pthread_join(thread, &given);
    free(given);
    for (int i = 0; i < 32; i++) free(slots[i]);
    free(inherited);
    malloc_trim(0);
    _exit(0);
}

int main(int count, char **words) {
    size_t forks = count > 1 ? strtoul(words[1], NULL, 10) : 500, hung = 0;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) PROVE(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) == 0);
    for (size_t i = 0; i < forks; i++) {
        size_t size = 100 + i * 97 % 50000;
        void *inherited = malloc(size);
        PROVE(inherited != NULL);
        prove_mark(inherited, size, 0x77);
        pid_t pid = fork();
        PROVE(pid >= 0);
        if (pid == 0) child(i, inherited, size);
        free(inherited);
        int status = 0;
        pid_t ended = 0;
        for (int wait = 0; wait < 20000 && ended == 0; wait++) {
            ended = waitpid(pid, &status, WNOHANG);
            if (ended == 0) nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
        if (ended == 0) {
            hung++;
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            PROVE(hung < 3);
        } else {
            PROVE(ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    PROVE(hung == 0);
    return prove_ok("fork_storm");
}
