/* Forks from a process whose other threads allocate, and counts children that never end.

   usage: fork_hangs FORKS SECONDS HANGS_MAX

   Three threads churn: each starts short-lived workers that allocate blocks of 16 B to 4 MB, free
   most of them and leave the rest for the next worker to free, which is another thread. Meanwhile
   the main thread forks. A child allocates, starts one thread that allocates too, frees, and ends.
   A child that has not ended after SECONDS hangs; one that ends otherwise than it should has died.
   After HANGS_MAX hung children the program stops early. Output, in the end and every 100 forks:
   forks N hung N died N */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHURNERS = 3, LEFT = 16, BLOCKS = 24 };

static _Atomic(void *) left[LEFT];
static atomic_int is_over;
static _Atomic uint64_t seeds = 1;

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void *take(uint64_t *state) {
    uint64_t random = next_random(state);
    /* Sizes by powers of two, so that every path of an allocator is met often. */
    size_t bytes = ((size_t)16 << (random % 18)) + (random >> 40) % 16;
    if (bytes > (4u << 20)) bytes = 4u << 20;
    char *block = malloc(bytes);
    if (!block) abort();
    block[0] = 1;
    block[bytes - 1] = 2;
    return block;
}

static void *work(void *unused) {
    (void)unused;
    uint64_t state = atomic_fetch_add(&seeds, 1) * 0x9E3779B97F4A7C15u | 1;
    void *own[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) own[i] = take(&state);
    for (int i = 0; i < BLOCKS; i++) {
        if (i % 4) free(own[i]);
        else free(atomic_exchange(&left[next_random(&state) % LEFT], own[i]));
    }
    return 0;
}

static void *churn(void *unused) {
    (void)unused;
    while (!atomic_load(&is_over)) {
        pthread_t worker;
        if (pthread_create(&worker, 0, work, 0)) abort();
        pthread_join(worker, 0);
    }
    return 0;
}

static void child(void) {
    uint64_t state = (uint64_t)getpid() * 0x9E3779B97F4A7C15u | 1;
    void *own[8];
    for (int i = 0; i < 8; i++) own[i] = take(&state);
    pthread_t worker;
    if (pthread_create(&worker, 0, work, 0)) _exit(3);
    pthread_join(worker, 0);
    for (int i = 0; i < 8; i++) free(own[i]);
    _exit(0);
}

static void say(long forks, long hung, long died) {
    printf("forks %ld hung %ld died %ld\n", forks, hung, died);
    fflush(stdout);
}

int main(int count, char **word) {
    if (count != 4) return 2;
    long forks = strtol(word[1], 0, 10), seconds = strtol(word[2], 0, 10);
    long hangs_max = strtol(word[3], 0, 10), hung = 0, died = 0, done = 0;
    Dl_info info;
    if (!dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info)) return 3;
    puts(info.dli_fname);
    fflush(stdout);
    pthread_t churner[CHURNERS];
    for (int i = 0; i < CHURNERS; i++) {
        if (pthread_create(&churner[i], 0, churn, 0)) return 3;
    }
    while (done < forks && hung < hangs_max) {
        /* Ends this process too, should fork itself never return. */
        alarm((unsigned)seconds * 2 + 10);
        pid_t pid = fork();
        if (pid < 0) return 4;
        if (!pid) child();
        done++;
        int status = 0, watch = (int)syscall(SYS_pidfd_open, pid, 0);
        struct pollfd ended = {.fd = watch, .events = POLLIN};
        if (watch >= 0 && poll(&ended, 1, (int)seconds * 1000) == 0) {
            hung++;
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
        } else {
            waitpid(pid, &status, 0);
            if (status) died++;
        }
        if (watch >= 0) close(watch);
        if (done % 100 == 0) say(done, hung, died);
    }
    alarm(0);
    atomic_store(&is_over, 1);
    for (int i = 0; i < CHURNERS; i++) pthread_join(churner[i], 0);
    say(done, hung, died);
    return 0;
}
