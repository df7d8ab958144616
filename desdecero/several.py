"""Appendix A: one training run shared among processes, which torchrun starts (Li et al., 2020)."""

import sys

import torch
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from desdecero.first_steps import MLP, train_classifier
from desdecero.weights import save_weights

GLOBAL_BATCH = 32


def train(model: nn.Module, rank: int, world_size: int) -> None:
    """Eight steps of training; process `rank` of `world_size` sees its share of every batch."""
    places = torch.rand(256, 2, generator=torch.Generator().manual_seed(1))
    bank = (places[:, 1] > 0.5 + 0.3 * torch.sin(6 * places[:, 0])).long()  # of a bending river
    dataset = TensorDataset(places, bank)
    sampler = DistributedSampler(dataset, world_size, rank, seed=2)
    loader = DataLoader(dataset, GLOBAL_BATCH // world_size, sampler=sampler)
    train_classifier(model, loader, torch.optim.SGD(model.parameters(), lr=0.5), num_epochs=1)


def main(path: str) -> None:
    """What every process runs; the first of them saves the weights."""
    dist.init_process_group("gloo")
    model = DistributedDataParallel(MLP(2, 2))
    train(model, dist.get_rank(), dist.get_world_size())
    if dist.get_rank() == 0:
        save_weights(model.module, path)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.manual_seed(3)
    main(sys.argv[1])
